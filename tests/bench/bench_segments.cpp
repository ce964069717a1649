// BENCH segments: fifty conditions asked of a million people with a hundred million interactions, from the engine's
// state; and what one interaction costs. Prints `name value` lines. With a folder as argument, writes people,
// interactions and the conditions as SQL there for DuckDB (segments_peers.py).
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/segment_keeper.hpp>

#include "support.hpp"

namespace {

using namespace alloquy;
using bench::mix;
using bench::seconds;
using bench::write_column;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t events_per_person = 100;
constexpr std::int64_t first_ms = 1'600'000'000'000;
constexpr std::int64_t span_ms = 365 * day_ms;
constexpr std::int64_t now_ms = first_ms + span_ms;

/// Resident memory of this process, bytes (Linux).
std::size_t resident() {
    std::ifstream in{"/proc/self/statm"};
    std::size_t all = 0;
    std::size_t resident = 0;
    in >> all >> resident;
    return resident * 4096;
}

/// A condition in the segment language and in SQL.
struct Both {
    std::string condition;
    std::string sql;
};
/// Counts of interactions: `where` in both languages, and the window.
struct Count {
    std::string where;
    std::string sql;
    int days;  // 0: the whole year
};
const std::vector<Count> counts{
    {"channel = \"email\"", "channel = 1", 7},
    {"channel = \"email\" and act = \"replied\"", "channel = 1 AND act = 'replied'", 14},
    {"channel = \"phone\"", "channel = 2", 30},
    {"channel = \"portal\" and topic = \"study\"", "channel = 4 AND topic = 1", 7},
    {"channel = \"portal\"", "channel = 4", 14},
    {"channel = \"web\"", "channel = 5", 3},
    {"act = \"clicked\"", "act = 'clicked'", 7},
    {"act = \"clicked\" and quantity >= 3", "act = 'clicked' AND quantity >= 3", 28},
    {"act = \"visited\"", "act = 'visited'", 30},
    {"act = \"sent\"", "act = 'sent'", 7},
    {"act = \"sent\"", "act = 'sent'", 30},
    {"direction = \"inbound\"", "direction = 'inbound'", 1},
    {"direction = \"inbound\"", "direction = 'inbound'", 7},
    {"direction = \"inbound\"", "direction = 'inbound'", 14},
    {"direction = \"inbound\"", "direction = 'inbound'", 28},
    {"direction = \"outbound\" and channel in (\"email\", \"whatsapp\")",
     "direction = 'outbound' AND channel IN (1, 3)", 14},
    {"topic = \"housing\"", "topic = 3", 60},
    {"topic = \"admission\" and direction = \"inbound\"", "topic = 2 AND direction = 'inbound'", 90},
    {"act = \"replied\"", "act = 'replied'", 90},
    {"topic in (\"study\", \"admission\") and act = \"visited\"", "topic IN (1, 2) AND act = 'visited'", 28},
};
const std::vector<int> least{2, 1, 1, 1, 3, 1, 4, 3, 5, 2, 3, 1, 1, 3, 8, 2, 4, 3, 5, 1};

/// Fifty: twenty with rolling windows, and thirty about roles, attributes, consents, days and each other.
std::vector<Both> fifty() {
    std::vector<Both> all;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const std::string window = " in last " + std::to_string(counts[i].days) + " days";
        // Every fifth asks for silence.
        const bool silence = i % 5 == 4;
        const std::string test = silence ? " = 0" : " >= " + std::to_string(least[i]);
        all.push_back(
            {"count of interactions where (" + counts[i].where + ")" + window + test, "n" + std::to_string(i) + test});
    }
    const auto add = [&](std::string condition, std::string sql) {
        all.push_back({std::move(condition), std::move(sql)});
    };
    add("role student", "role = 'student'");
    add("role alumnus", "role = 'alumnus'");
    add("role prospect", "role = 'prospect'");
    add("role student of \"programme 3\"", "role = 'student' AND programme = 'programme 3'");
    add("role student of (\"programme 4\", \"programme 5\") at \"site 1\"",
        "role = 'student' AND programme IN ('programme 4', 'programme 5') AND site = 'site 1'");
    add("attribute:region = \"region 2\"", "region = 'region 2'");
    add("attribute:region in (\"region 1\", \"region 3\")", "region IN ('region 1', 'region 3')");
    add("attribute:region starts with \"region 1\" and attribute:age < 21",
        "starts_with(region, 'region 1') AND age < 21");
    add("attribute:age between 18 and 20", "age BETWEEN 18 AND 20");
    add("attribute:age >= 30 or attribute:age is unknown", "(age >= 30 OR age IS NULL)");
    add("attribute:enrolled < today - 180 days", "enrolled < today - 180");
    add("attribute:enrolled >= today - 2 weeks", "enrolled >= today - 14");
    add("language = \"en\"", "language = 'en'");
    add("not language in (\"nl\", \"en\")", "language NOT IN ('nl', 'en')");
    add("consent to \"newsletter\" by \"email\"", "newsletter = 1");
    add("not consent to \"newsletter\" by \"email\"", "coalesce(newsletter, 0) <> 1");
    add("days since last of interactions where direction = \"inbound\" > 10",
        "now - last_inbound > 10 * 86400000::BIGINT");
    add("days since last of interactions where act = \"replied\" between 30 and 60",
        "now - last_reply BETWEEN 30 * 86400000::BIGINT AND 60 * 86400000::BIGINT");
    add("in segment \"s20\" and in segment \"s4\"", "c20 AND c4");
    add("in segment \"s20\" and not in segment \"s12\"", "c20 AND NOT c12");
    add("in segment \"s21\" and in segment \"s34\"", "c21 AND c34");
    add("in segment \"s22\" and (in segment \"s9\" or in segment \"s2\")", "c22 AND (c9 OR c2)");
    add("role student and attribute:region = \"region 5\" and in segment \"s13\"",
        "role = 'student' AND region = 'region 5' AND c13");
    add("role student and not in segment \"s14\" and in segment \"s34\"", "role = 'student' AND NOT c14 AND c34");
    add("in segment \"s3\" and in segment \"s28\"", "c3 AND c28");
    add("in segment \"s36\" and role student", "c36 AND role = 'student'");
    add("in segment \"s7\" or in segment \"s8\"", "c7 OR c8");
    add("in segment \"s41\" and language = \"en\"", "c41 AND language = 'en'");
    add("current role at \"site 2\" and attribute:age is known and in segment \"s6\"",
        "site = 'site 2' AND age IS NOT NULL AND c6");
    add("not (role student or role alumnus) and in segment \"s10\"", "NOT (role IN ('student', 'alumnus')) AND c10");
    return all;
}

engine::Playbook playbook() {
    engine::Playbook book;
    book.channels = {"email", "phone", "whatsapp", "portal", "web"};
    book.topics = {"study", "admission", "housing"};
    book.reachability.channels = {"email", "phone", "whatsapp"};
    const std::vector<Both> all = fifty();
    for (std::size_t i = 0; i < all.size(); ++i) {
        book.segments.push_back({"s" + std::to_string(i), all[i].condition});
    }
    return book;
}

/// What is known of one person beside interactions.
struct Profile {
    model::RoleKind role;
    std::string programme;
    std::string site;
    std::string region;
    std::string language;
    int age;  // -1: unknown
    int enrolled_day;
    int newsletter;  // 1 given, 0 withdrawn, -1 nothing said
};
Profile profile(std::uint32_t row) {
    const std::uint64_t draw = mix(row * 2 + 1);
    const auto part = [&](unsigned shift, std::uint64_t of) { return static_cast<int>((draw >> shift) % of); };
    const int role = part(0, 10);
    return {role < 7   ? model::RoleKind::student
            : role < 9 ? model::RoleKind::alumnus
                       : model::RoleKind::prospect,
            "programme " + std::to_string(part(8, 20)),
            "site " + std::to_string(part(16, 3)),
            "region " + std::to_string(part(20, 12)),
            part(28, 10) < 7   ? "nl"
            : part(28, 10) < 9 ? "en"
                               : "de",
            part(34, 10) == 0 ? -1 : 17 + part(38, 20),
            static_cast<int>(now_ms / day_ms) - part(44, 1000),
            part(54, 3) - 1};
}

}  // namespace

int main(int count, char** values) {
    const std::uint32_t people = count > 2 ? static_cast<std::uint32_t>(std::atoi(values[2])) : 1'000'000U;
    const std::size_t events = std::size_t{people} * events_per_person;
    const std::vector<score::Event> all = bench::events_by_person(people, events_per_person, first_ms, span_ms);
    const std::size_t before = resident();
    model::Symbols symbols;
    engine::Engine engine = engine::make_engine(playbook(), {}, symbols, {});
    const time::Instant began = time::Instant::from_unix_ms(first_ms - 400 * day_ms);
    for (std::uint32_t row = 0; row < people; ++row) {
        const PersonId id{std::int64_t{row} + 1};
        engine.add_person(id, mix(row));
        const Profile own = profile(row);
        const model::Source source = symbols.sources.intern("bench");
        std::vector<model::Fact> facts{
            {id, began, began, source, "role",
             model::RoleChange{own.role, symbols.programmes.intern(own.programme), symbols.sites.intern(own.site)}}};
        model::AttributeStatement said{
            {{symbols.attributes.intern("region"), own.region},
             {symbols.attributes.intern("language"), own.language},
             {symbols.attributes.intern("enrolled"), time::Day::from_unix_days(own.enrolled_day)}}};
        if (own.age >= 0) said.attributes.push_back({symbols.attributes.intern("age"), double(own.age)});
        facts.push_back({id, began, began, source, "profile", std::move(said)});
        if (own.newsletter >= 0) {
            facts.push_back({id, began, began, source, "consent",
                             model::ConsentStatement{symbols.purposes.intern("newsletter"),
                                                     symbols.channels.intern("email"),
                                                     own.newsletter == 1 ? model::ConsentDecision::given
                                                                         : model::ConsentDecision::withdrawn,
                                                     {}}});
        }
        engine.refold(row, facts);
    }
    static_cast<void>(engine.fold(all, 2));
    engine::SegmentKeeper<engine::Engine> keeper{engine, engine.playbook().segments, segment::SegmentCalendar{},
                                                 nullptr, nullptr};
    std::printf("segments_keep_seconds %.2f\n", seconds([&] { keeper.fold(engine, all); }));
    const std::size_t held = resident() - before;

    const time::Instant now = time::Instant::from_unix_ms(now_ms);
    std::vector<engine::RowBits> members;
    // The first question also makes the columns of people.
    std::printf("rebuild_first_seconds %.3f\n", seconds([&] { members = keeper.rebuild(engine, now, 2); }));
    for (const unsigned threads : {2U, 1U}) {
        double best = 1e9;
        for (int round = 0; round < 3; ++round) {
            best = std::min(best, seconds([&] { members = keeper.rebuild(engine, now, threads); }));
        }
        std::printf(threads == 2 ? "rebuild_50_segments_1m_seconds %.3f\n" : "rebuild_one_thread_seconds %.3f\n", best);
    }
    std::vector<std::size_t> sizes;
    for (const engine::RowBits& bits : members) {
        std::size_t size = 0;
        for (const std::uint64_t word : bits) size += static_cast<std::size_t>(std::popcount(word));
        sizes.push_back(size);
    }

    // Everybody asked one by one, with the instants at which the answers turn.
    std::printf("segments_begin_seconds %.2f\n",
                seconds([&] { keeper.begin(engine, now, std::vector<time::Instant>(sizes.size(), now)); }));
    bool equal = true;
    for (std::uint32_t s = 0; s < sizes.size(); ++s) {
        for (std::uint32_t row = 0; row < people; ++row) {
            equal = equal && keeper.is_member(row, s) == ((members[s][row / 64] >> row % 64 & 1U) != 0);
        }
    }
    std::printf("segments_live_equals_bulk %d\n", equal ? 1 : 0);
    static_cast<void>(keeper.take_changes());

    // Interactions as they come in, 20 a second.
    constexpr std::size_t told = 400'000;
    std::vector<model::Fact> facts;
    for (std::size_t i = 0; i < told; ++i) {
        const std::uint64_t draw = mix(i + events);
        score::Event event{};
        event.person = static_cast<std::uint32_t>(mix(draw) % people);
        event.at_ms = now_ms + static_cast<std::int64_t>(i) * 50;
        bench::fill(event, draw);
        const time::Instant at = time::Instant::from_unix_ms(event.at_ms);
        facts.push_back({PersonId{std::int64_t{event.person} + 1}, at, at, symbols.sources.intern("bench"),
                         std::to_string(i), engine.interaction_of(event)});
    }
    const engine::History none = [](PersonId) -> std::vector<model::Fact> { std::abort(); };  // nothing comes late
    double passing = 0;
    double observing = 0;
    double quiet = 0;
    std::size_t affected = 0;
    std::size_t affected_quiet = 0;
    std::size_t changes = 0;
    std::size_t by_time = 0;
    for (const model::Fact& fact : facts) {
        const std::uint32_t row = engine.row(fact.person);
        const auto t0 = std::chrono::steady_clock::now();
        keeper.advance(engine, fact.at);
        const auto t1 = std::chrono::steady_clock::now();
        by_time += keeper.take_changes().size();
        engine.observe(fact, none);
        const auto t2 = std::chrono::steady_clock::now();
        keeper.observe(engine, fact, none);
        const auto t3 = std::chrono::steady_clock::now();
        const std::size_t changed = keeper.take_changes().size();
        const std::size_t touched = keeper.touched_by(fact);
        static_cast<void>(row);
        passing += std::chrono::duration<double>(t1 - t0).count();
        const double took = std::chrono::duration<double>(t3 - t2).count();
        changes += changed;
        if (changed == 0) {
            quiet += took;
            affected_quiet += touched;
        } else {
            observing += took;
            affected += touched;
        }
    }
    std::printf("event_affects_segments %.2f\n", static_cast<double>(affected + affected_quiet) / told);
    std::printf("event_changes %zu\n", changes);
    std::printf("event_to_membership_microseconds_per_segment %.3f\n", 1e6 * observing / static_cast<double>(affected));
    std::printf("event_without_change_microseconds_per_segment %.3f\n",
                1e6 * quiet / static_cast<double>(affected_quiet));
    std::printf("event_microseconds %.3f\n", 1e6 * (observing + quiet) / told);
    std::printf("time_changes %zu\n", by_time);
    std::printf("time_microseconds_per_change %.3f\n",
                1e6 * passing / static_cast<double>(std::max<std::size_t>(by_time, 1)));
    std::printf("segments_bytes_per_person %.0f\n", static_cast<double>(keeper.bytes()) / people);
    std::printf("engine_and_segments_bytes_per_person %.0f\n",
                static_cast<double>(held + keeper.bytes() - keeper.fact_bytes()) / people);
    std::printf("kept_fact_bytes_per_person %.0f\n", static_cast<double>(keeper.fact_bytes()) / people);

    if (count > 1) {
        const std::filesystem::path folder = values[1];
        write_column(folder / "person.u32", events, [&](std::size_t i) { return all[i].person; });
        write_column(folder / "at_ms.i64", events, [&](std::size_t i) { return all[i].at_ms; });
        write_column(folder / "channel.u8", events, [&](std::size_t i) { return all[i].channel; });
        write_column(folder / "topic.u8", events, [&](std::size_t i) { return all[i].topic; });
        write_column(folder / "act.u8", events, [&](std::size_t i) { return static_cast<std::uint8_t>(all[i].act); });
        write_column(folder / "direction.u8", events,
                     [&](std::size_t i) { return static_cast<std::uint8_t>(all[i].direction); });
        write_column(folder / "quantity.u8", events,
                     [&](std::size_t i) { return static_cast<std::uint8_t>(all[i].quantity); });
        std::ofstream out{folder / "people.csv"};
        out << "person,role,programme,site,region,language,age,enrolled,newsletter\n";
        for (std::uint32_t row = 0; row < people; ++row) {
            const Profile own = profile(row);
            out << row << ',' << model::name_of(own.role) << ',' << own.programme << ',' << own.site << ','
                << own.region << ',' << own.language << ',' << (own.age < 0 ? "" : std::to_string(own.age)) << ','
                << to_iso(time::Day::from_unix_days(own.enrolled_day)) << ','
                << (own.newsletter < 0 ? "" : std::to_string(own.newsletter)) << '\n';
        }
        std::ofstream sql{folder / "conditions.tsv"};
        const std::vector<Both> conditions = fifty();
        for (std::size_t i = 0; i < counts.size(); ++i) {
            sql << "n" << i << '\t' << counts[i].sql << " AND at_ms > " << now_ms - counts[i].days * day_ms << '\n';
        }
        for (std::size_t i = 0; i < conditions.size(); ++i) {
            sql << "c" << i << '\t' << conditions[i].sql << '\t' << sizes[i] << '\n';
        }
    }
    return EXIT_SUCCESS;
}

#pragma once

/// \file
/// ConditionWriter: random conditions in the segment language about the facts of FactMaker.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/model/consent.hpp>
#include <alloquy/model/dialogue.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/time/day.hpp>

#include "random.hpp"
#include "segment_case_world.hpp"

namespace segment_cases {

/// The shortest digits that give the number back.
inline std::string decimal(double number) {
    std::array<char, 40> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

/// Texts one after another, made in that order: `+` leaves it to the compiler which of its sides is made first.
inline std::string joined(std::initializer_list<std::string> parts) {
    std::string all;
    for (const std::string& part : parts) all += part;
    return all;
}

/// Conditions in the segment language that the facts of FactMaker make hold now and then.
class ConditionWriter {
public:
    /// \param sample  A value of a field of somebody at some instant, for thresholds that are crossed; may be missing.
    ConditionWriter(Random& random, const segment::Catalogue& catalogue,
                    std::function<std::optional<double>(const std::string& field)> sample)
        : random_{&random}, catalogue_{&catalogue}, sample_{std::move(sample)} {}

    std::string condition(int depth) {
        if (depth == 0 || random_->chance(30)) return leaf(depth);
        if (random_->chance(20)) return "not (" + condition(depth - 1) + ")";
        const char* const between = random_->chance(50) ? ") and (" : ") or (";
        std::string text = "(" + condition(depth - 1);
        for (std::size_t n = 1 + random_->below(2); n > 0; --n) text += between + condition(depth - 1);
        return text + ")";
    }
    /// Names that `in segment` may use from here on.
    void add_segment(std::string name, bool relates) { segments_.emplace_back(std::move(name), relates); }
    std::vector<std::int64_t> used_ms{};  ///< Lengths of the windows and waits written.
    bool asks_for_relations = false;      ///< Whether something written since it was last false does.

private:
    template <class Words>
    std::string word(const Words& words) {
        return '"' + pick(*random_, words) + '"';
    }
    template <class Enum>
    std::string name_of() {
        return std::string{model::name_of(static_cast<Enum>(random_->below(model::enum_size<Enum>)))};
    }
    std::string duration() {
        const std::int64_t ms = lengths[random_->below(lengths.size())];
        used_ms.push_back(ms);
        return std::to_string(ms) + " milliseconds";
    }
    std::string zone() {
        switch (random_->below(4)) {
            case 0:
                return " in own zone";
            case 1:
                return " in zone " + word(zones);
            default:
                return {};
        }
    }
    std::string day() { return to_iso(Day::from_ymd(2026, 3, 2) + static_cast<int>(random_->below(55))); }
    std::string window() {
        constexpr std::array units{"day"sv, "week"sv, "month"sv, "quarter"sv, "year"sv, "term"sv, "academic year"sv};
        switch (random_->below(10)) {
            case 0:
                return {};
            case 1:
                return joined({" since ", day(), zone()});
            case 2: {
                std::string a = day();
                std::string b = day();
                if (b < a) std::swap(a, b);
                return " from " + a + " to " + b + zone();
            }
            case 3:
            case 4:
                return joined({" in this ", pick(*random_, units), zone()});
            case 5:
                return joined({" in previous ", pick(*random_, units), zone()});
            default:
                return " in last " + duration();
        }
    }
    std::string relation() {
        constexpr std::array relations{"<"sv, "<="sv, ">"sv, ">="sv, ">="sv, "="sv, "!="sv};
        return ' ' + pick(*random_, relations) + ' ';
    }
    /// A test of a number near a value.
    std::string near(double value) {
        switch (random_->below(8)) {
            case 0:
                return " between " + decimal(value) + " and " + decimal(value + random_->fraction() * 2);
            case 1:
                return " in (" + decimal(value) + ", " + decimal(value + 1) + ")";
            case 2:
                return " is known";
            default:
                return relation() + decimal(value);
        }
    }
    std::string text_test(std::string_view value) {
        const std::string quoted = '"' + std::string{value} + '"';
        switch (random_->below(8)) {
            case 0:
                return " != " + quoted;
            case 1:
                return " in (" + quoted + ", \"other\")";
            case 2:
                return " contains \"" + std::string{value.substr(1, 2)} + '"';
            case 3:
                return " starts with \"" + std::string{value.substr(0, 1)} + '"';
            case 4:
                return " like \"%" + std::string{value.substr(value.size() - 1)} + '"';
            case 5:
                return random_->chance(50) ? " is known" : " is unknown";
            default:
                return " = " + quoted;
        }
    }
    std::string kind() { return name_of<segment::FactKind>(); }
    std::string fact_test(const std::string& kind) {
        const auto of = [&](const char* field, const auto& words) { return field + text_test(pick(*random_, words)); };
        if (kind == "interactions") {
            switch (random_->below(14)) {
                case 0:
                case 1:
                    return of("channel", channels);
                case 2:
                    return "act = \"" + name_of<model::Act>() + '"';
                case 3:
                    return "act in (\"sent\", \"replied\")";
                case 4:
                case 5:
                    return "direction = \"inbound\"";
                case 6:
                    return of("topic", topics);
                case 7:
                    return of("team", teams);
                case 8:
                    return of("purpose", purposes);
                case 9:
                    return of("action", actions);
                case 10:
                    return "tone = \"" + name_of<model::Tone>() + '"';
                case 11:
                    return random_->chance(50) ? of("language", languages)
                                               : "actor = \"" + name_of<model::ActorKind>() + '"';
                case 12: {
                    constexpr std::array tests{"text contains \"help\""sv, "text matches \"[0-9]+\""sv,
                                               "text like \"%fee%\""sv, "text is known"sv, "text starts with \"t\""sv};
                    return pick(*random_, tests);
                }
                default:
                    return "quantity" + near(static_cast<double>(random_->between(1, 6)));
            }
        }
        if (kind == "results") {
            return random_->chance(50) ? of("assessment", assessments)
                                       : "fraction" + near(static_cast<double>(random_->between(1, 9)) / 10);
        }
        if (kind == "obligations") {
            switch (random_->below(3)) {
                case 0:
                    return of("kind", duties);
                case 1:
                    return "step = \"" + name_of<model::ObligationStep>() + '"';
                default:
                    return "weight" + near(static_cast<double>(random_->between(1, 40)));
            }
        }
        if (kind == "dialogues") {
            switch (random_->below(3)) {
                case 0:
                    return of("topic", topics);
                case 1:
                    return of("team", teams);
                default:
                    return "step = \"" + name_of<model::DialogueStep>() + '"';
            }
        }
        if (kind == "enrolments") {
            return random_->chance(50) ? of("programme", programmes)
                                       : "status = \"" + name_of<model::EnrolmentStatus>() + '"';
        }
        return random_->chance(50) ? of("channel", channels)
                                   : "decision = \"" + name_of<model::ConsentDecision>() + '"';
    }
    std::string where(const std::string& kind) {
        if (random_->chance(40)) return {};
        switch (random_->below(4)) {
            case 0:
                return joined({" where (", fact_test(kind), " and ", fact_test(kind), ")"});
            case 1:
                return joined({" where (", fact_test(kind), " or not ", fact_test(kind), ")"});
            default:
                return " where " + fact_test(kind);
        }
    }
    std::string number_field(const std::string& kind) {
        if (kind == "interactions") return "quantity";
        if (kind == "results") return "fraction";
        return kind == "obligations" ? "weight" : "";
    }
    std::string counted() {
        const std::string of = random_->chance(60) ? "interactions" : kind();
        const std::string facts = joined({of, where(of), window()});
        const std::string field = number_field(of);
        constexpr std::array functions{"sum"sv, "mean"sv, "least"sv, "greatest"sv, "first"sv, "last"sv};
        constexpr std::array text_fields{"channel"sv, "assessment"sv, "kind"sv, "step"sv, "programme"sv, "purpose"sv};
        const std::string text_field{
            text_fields[static_cast<std::size_t>(std::find(kinds.begin(), kinds.end(), of) - kinds.begin())]};
        const auto small = [&] { return static_cast<double>(random_->between(0, 4)); };
        switch (random_->below(10)) {
            case 0:
            case 1:
            case 2:
                return "count of " + facts + near(small());
            case 3:
                return (random_->chance(50) ? "no " : "some ") + facts;
            case 4:
                return "days since first of " + facts + near(age());
            case 5:
                return "days since last of " + facts + near(age());
            case 6:
                return "distinct " + text_field + " of " + facts + near(small());
            case 7:
                return joined({(random_->chance(50)   ? "most frequent "
                                : random_->chance(50) ? "last "
                                                      : "first "),
                               text_field, " of ", facts, text_test(some_value(of))});
            default: {
                if (field.empty()) return "count of " + facts + near(small());
                const double most = field == "quantity" ? 6 : field == "fraction" ? 1 : 40;
                return joined({pick(*random_, functions), " ", field, " of ", facts,
                               near(random_->chance(50) ? static_cast<double>(random_->between(1, 9)) / 10 * most
                                                        : static_cast<double>(random_->between(1, 12)))});
            }
        }
    }
    static constexpr std::array kinds{"interactions"sv, "results"sv,    "obligations"sv,
                                      "dialogues"sv,    "enrolments"sv, "consents"sv};
    /// A text of the field that counted() takes of facts of a kind.
    std::string some_value(const std::string& kind) {
        if (kind == "interactions") return pick(*random_, channels);
        if (kind == "results") return pick(*random_, assessments);
        if (kind == "obligations") return pick(*random_, duties);
        if (kind == "dialogues") return name_of<model::DialogueStep>();
        if (kind == "enrolments") return pick(*random_, programmes);
        return pick(*random_, purposes);
    }
    /// Days; some of them whole milliseconds that no round number of days gives.
    double age() {
        const std::int64_t ms = lengths[random_->below(lengths.size())];
        used_ms.push_back(ms);
        return static_cast<double>(ms) / static_cast<double>(day_ms);
    }
    std::string set_test() {
        const std::string of = random_->chance(50) ? "interactions" : kind();
        std::string field = "channel";
        std::string a = some_value(of);
        const std::string b = some_value(of);
        if (of == "results") field = "assessment";
        if (of == "obligations") field = "kind";
        if (of == "dialogues") field = "step";
        if (of == "enrolments") field = "programme";
        if (of == "consents") field = "purpose";
        return joined({"values of ", field, " of ", of, where(of), window(), " has ", name_of<segment::SetRelation>(),
                       " (\"", a, "\", \"", b, "\")"});
    }
    std::string sequence() {
        std::string text = "sequence (";
        const std::size_t steps = 2 + random_->below(2);
        for (std::size_t i = 0; i < steps; ++i) {
            const std::string of = random_->chance(75) ? "interactions" : kind();
            if (i > 0) text += " then ";
            if (i + 1 == steps && random_->chance(50)) text += "no ";
            text += of + where(of);
            if (i > 0 && random_->chance(70)) text += " within " + duration();
        }
        return text + ")" + window();
    }
    std::string period() {
        constexpr std::array periods{""sv, "former "sv, "ever "sv};
        return pick(*random_, periods);
    }
    std::string role() {
        constexpr std::array roles{""sv, " prospect"sv, " applicant"sv, " student"sv, " alumnus"sv};
        return joined({pick(*random_, roles), (random_->chance(25) ? " of " + word(programmes) : ""),
                       (random_->chance(15) ? " at " + word(sites) : "")});
    }
    std::string related(int depth) {
        asks_for_relations = true;
        constexpr std::array relations{""sv, " guardian_of"sv, " ward_of"sv, " mentor_of"sv, " mentored_by"sv};
        if (random_->chance(25)) {
            constexpr std::array ends{""sv, " \"Harbour\""sv, " of kind school"sv, " (\"Harbour\", \"Hill\")"sv};
            return joined({period(), "relation works_at to organisation", pick(*random_, ends)});
        }
        std::string text = joined({period(), "relation", pick(*random_, relations), " to person"});
        if (!is_other_ && random_->chance(75)) {
            is_other_ = true;
            text += " where (" + condition(std::min(depth, 1)) + ")";
            is_other_ = false;
        }
        return text;
    }
    std::string obligation() {
        constexpr std::array states{"open"sv, "open"sv, "overdue"sv, "fulfilled"sv, "waived"sv};
        const std::string state = pick(*random_, states);
        return joined({state, " obligation", (random_->chance(30) ? " " + word(duties) : ""),
                       (state == "open" && random_->chance(60) ? " due within " + duration() : "")});
    }
    std::string relative_day() {
        constexpr std::array shifts{""sv, " - 3 days"sv, " + 1 week"sv};
        return joined({"today", pick(*random_, shifts), zone()});
    }
    std::string attribute() {
        switch (random_->below(8)) {
            case 0:
                return joined(
                    {"anniversary of attribute:birthday",
                     (random_->chance(40) ? " today" : " in next " + std::to_string(2 + random_->below(20)) + " days"),
                     zone()});
            case 1:
                return joined({"attribute:visit between ", relative_day(), " and ", relative_day()});
            case 2:
            case 3:
                return joined({"attribute:visit", relation(), relative_day()});
            case 4:
                return joined({"attribute:visit", relation(), day()});
            case 5:
                return "attribute:credits" + near(static_cast<double>(random_->between(0, 5)));
            case 6:
                return "attribute:city" + text_test(random_->chance(50) ? "Zwolle" : "Hoorn");
            default:
                return "on list \"open day\"";
        }
    }
    std::string column() {
        const std::vector<segment::Field>& fields = catalogue_->fields();
        // The score that falls and the ages are the hardest.
        const std::size_t place = random_->chance(40) ? random_->below(10) : random_->below(fields.size());
        const segment::Field& field = fields[place];
        const std::string name = quoted_name(field.name);
        if (field.type == segment::FieldType::text) {
            if (field.name == "role") return name + text_test(name_of<model::RoleKind>());
            if (field.name == "programme") return name + text_test(pick(*random_, programmes));
            if (field.name == "site") return name + text_test(pick(*random_, sites));
            return name + text_test(field.name == "zone" ? pick(*random_, zones) : pick(*random_, languages));
        }
        constexpr std::array engagements{0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9};
        if (field.name == "engagement" && random_->chance(50)) {
            return name + near(engagements[random_->below(engagements.size())]);
        }
        const bool is_age = field.motion == segment::Motion::ageing || field.motion == segment::Motion::nearing;
        if (is_age && random_->chance(50)) return name + near(age());
        const std::optional<double> found = sample_(field.name);
        if (!found) return name + near(static_cast<double>(random_->between(0, 2)));
        switch (random_->below(3)) {
            case 0:
                return name + near(*found);
            case 1:
                return name + near(*found * (0.2 + random_->fraction()));
            default:
                return name + near(*found * 0.9);
        }
    }
    static std::string quoted_name(const std::string& name) {
        const std::size_t colon = name.find(':');
        if (colon == std::string::npos) return name;
        return name.substr(0, colon) + ":\"" + name.substr(colon + 1) + '"';
    }
    std::string in_segment() {
        std::vector<std::string> names;
        for (const auto& [name, relations] : segments_) {
            if (!relations || !is_other_) names.push_back(name);
        }
        if (names.empty()) return "some interactions" + window();
        const std::size_t which = random_->below(names.size());
        const std::string name = '"' + names[which] + '"';
        asks_for_relations = asks_for_relations || segments_relate(names[which]);
        switch (random_->below(6)) {
            case 0:
                return "was in segment " + name + window();
            case 1:
                return "entered segment " + name + window();
            case 2:
                return "left segment " + name + window();
            case 3:
                return "in segment " + name + " for " + duration();
            default:
                return "in segment " + name;
        }
    }
    bool segments_relate(const std::string& name) const {
        return std::any_of(segments_.begin(), segments_.end(),
                           [&](const auto& each) { return each.first == name && each.second; });
    }
    std::string leaf(int depth) {
        switch (random_->below(30)) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4:
            case 5:
                return counted();
            case 6:
                return set_test();
            case 7:
            case 8:
                return sequence();
            case 9:
                return joined({period(), "role", role()});
            case 10:
                return joined({"count of ", period(), "roles", role(), near(1)});
            case 11:
            case 12:
                return is_other_ ? counted() : related(depth);
            case 13:
            case 14:
                return obligation();
            case 15:
                return joined({std::string{random_->chance(70) ? "open" : "closed"}, " dialogue",
                               (random_->chance(40) ? " about " + word(topics) : ""),
                               (random_->chance(30) ? " with " + word(teams) : ""),
                               (random_->chance(30) ? " of tone " + name_of<model::Tone>() : "")});
            case 16:
                return joined({"enrolment with status ", name_of<model::EnrolmentStatus>(),
                               (random_->chance(40) ? " of " + word(programmes) : "")});
            case 17:
                return joined({std::string{random_->chance(60) ? "consent" : "objection"}, " to ", word(purposes),
                               (random_->chance(50) ? " by " + word(channels) : "")});
            case 18:
                return joined({"random ", std::to_string(20 + random_->below(60)), " % of ", word(draws)});
            case 19:
            case 20:
                return attribute();
            case 21:
            case 22:
                return in_segment();
            default:
                return column();
        }
    }

    Random* random_;
    const segment::Catalogue* catalogue_;
    std::function<std::optional<double>(const std::string& field)> sample_;
    std::vector<std::pair<std::string, bool>> segments_;
    bool is_other_ = false;  // within the condition of a related person
};

}  // namespace segment_cases

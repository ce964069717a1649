#include "generator.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>

namespace sample {
namespace {

using alloquy::time::Day;
using alloquy::time::Weekday;

// ---------------------------------------------------------------------------------------------------------------
// Elementary functions. Those of the C library may differ in the last bit between systems; these are made of +, -, *,
// / and exact scaling only, and err by less than 1e-13 of the value.

/// Natural logarithm, x > 0: 2 artanh((m - 1) / (m + 1)) of the mantissa m in [sqrt(1/2), sqrt(2)) as a power series.
double natural_log(double x) {
    int exponent = 0;
    double mantissa = std::frexp(x, &exponent);
    if (mantissa < 0.7071067811865476) {
        mantissa *= 2.0;
        --exponent;
    }
    const double z = (mantissa - 1.0) / (mantissa + 1.0);
    const double square = z * z;
    double sum = 0.0;
    for (int odd = 21; odd >= 1; odd -= 2) sum = sum * square + 1.0 / static_cast<double>(odd);
    return static_cast<double>(exponent) * 0.6931471805599453 + 2.0 * z * sum;
}

/// e^x for |x| <= 700: Taylor series of the rest after a multiple of ln 2 is taken out.
double exponential(double x) {
    const double multiple = std::floor(x * 1.4426950408889634 + 0.5);
    const double rest = x - multiple * 0.6931471805599453;
    double sum = 1.0;
    for (int n = 14; n >= 1; --n) sum = 1.0 + sum * rest / static_cast<double>(n);
    return std::ldexp(sum, static_cast<int>(multiple));
}

double logistic(double x) {
    return 1.0 / (1.0 + exponential(-x));
}

// ---------------------------------------------------------------------------------------------------------------
// Randomness, counter-based: each value depends on (seed, person, purpose, sub-key, counter) alone, so that no draw
// moves another one.

/// What a draw is for.
enum class Draw : std::uint64_t {
    profile,
    latent,
    consent,
    prospect,
    application,
    portal,
    rhythm,
    dialogue,
    campaign,
    response,
    results,
    progress,
    coaching,
    invitation,
    fee,
    alumni,
    gift,
    relation,
    work,
    lateness,
};

/// Finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

class Stream {
public:
    Stream(std::uint64_t seed, std::uint64_t person, Draw purpose, std::uint64_t sub = 0)
        : key_{mix(mix(mix(mix(seed + step) ^ (person + 1) * step) + static_cast<std::uint64_t>(purpose) * step) ^
                   (sub + 1) * 0xD1B54A32D192ED03U)} {}

    std::uint64_t next() { return mix(key_ + ++counter_ * step); }
    /// In [0, 1), a multiple of 2^-53.
    double unit() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
    bool chance(double probability) { return unit() < probability; }
    /// In [0, bound), 1 <= bound <= 2^31.
    int below(int bound) { return static_cast<int>(((next() >> 32U) * static_cast<std::uint64_t>(bound)) >> 32U); }
    /// In [low, high].
    int between(int low, int high) { return low + below(high - low + 1); }

    /// Standard normal: polar method (Marsaglia, Bray, SIAM Review 6, 1964).
    double gaussian() {
        for (;;) {
            const double x = 2.0 * unit() - 1.0;
            const double y = 2.0 * unit() - 1.0;
            const double square = x * x + y * y;
            if (square >= 1.0 || square <= 0.0) continue;
            return x * std::sqrt(-2.0 * natural_log(square) / square);
        }
    }
    /// Poisson by inversion; a mean above 8 is a sum of smaller ones.
    int poisson(double mean) {
        int total = 0;
        for (; mean > 8.0; mean -= 8.0) total += poisson_by_inversion(8.0);
        return total + poisson_by_inversion(mean);
    }
    /// Gamma with scale 1, shape > 0 (Marsaglia, Tsang, "A simple method for generating gamma variables", 2000).
    double gamma(double shape) {
        if (shape < 1.0) {
            const double power = exponential(natural_log(unit() + 0x1p-54) / shape);
            return gamma(shape + 1.0) * power;
        }
        const double d = shape - 1.0 / 3.0;
        const double c = 1.0 / std::sqrt(9.0 * d);
        for (;;) {
            const double normal = gaussian();
            const double root = 1.0 + c * normal;
            if (root <= 0.0) continue;
            const double cube = root * root * root;
            if (natural_log(unit() + 0x1p-54) < 0.5 * normal * normal + d - d * cube + d * natural_log(cube)) {
                return d * cube;
            }
        }
    }
    /// Index of one of the weights, drawn in proportion to them; their sum is at least 1.
    std::size_t pick(std::span<const int> weights) {
        int total = 0;
        for (const int weight : weights) total += weight;
        int rest = below(total);
        std::size_t index = 0;
        while (rest >= weights[index]) rest -= weights[index++];
        return index;
    }

private:
    static constexpr std::uint64_t step = 0x9E3779B97F4A7C15U;

    int poisson_by_inversion(double mean) {
        const double target = unit();
        double term = exponential(-mean);
        double sum = term;
        int count = 0;
        while (target >= sum && count < 200) {
            ++count;
            term *= mean / static_cast<double>(count);
            sum += term;
        }
        return count;
    }

    std::uint64_t key_;
    std::uint64_t counter_ = 0;
};

// ---------------------------------------------------------------------------------------------------------------
// Vocabularies. The texts of roles, acts, steps and so on are those of alloquy/model; a test compares them.

enum class Channel : std::uint8_t { email, phone, whatsapp, chat, portal, web, event, social, letter };
constexpr std::array<std::string_view, 9> channel_names{"email", "phone", "whatsapp", "chat",  "portal",
                                                        "web",   "event", "social",   "letter"};

enum class Act : std::uint8_t {
    sent,
    delivered,
    bounced,
    opened,
    clicked,
    replied,
    visited,
    submitted,
    called,
    answered,
    missed,
    attended,
    absent,
    posted,
    mentioned,
    donated,
};
constexpr std::array<std::string_view, 16> act_names{
    "sent",   "delivered", "bounced", "opened",   "clicked", "replied", "visited",   "submitted",
    "called", "answered",  "missed",  "attended", "absent",  "posted",  "mentioned", "donated"};

enum class Direction : std::uint8_t { inbound, outbound };
constexpr std::array<std::string_view, 2> direction_names{"inbound", "outbound"};

enum class Actor : std::uint8_t { person, staff, team, bot };
constexpr std::array<std::string_view, 4> actor_names{"person", "staff", "team", "bot"};

enum class Tone : std::uint8_t { neutral, question, complaint, compliment };
constexpr std::array<std::string_view, 4> tone_names{"neutral", "question", "complaint", "compliment"};

enum class Team : std::uint8_t {
    admissions,
    student_desk,
    study_advice,
    finance,
    housing_desk,
    international_office,
    career_centre,
    it_service,
    alumni_office,
    partnership_office,
    quality_office,
};
constexpr std::array<std::string_view, 11> team_names{
    "admissions",    "student_desk",         "study_advice",  "finance",
    "housing_desk",  "international_office", "career_centre", "it_service",
    "alumni_office", "partnership_office",   "quality_office"};

enum class Topic : std::uint8_t {
    study_choice,
    admission,
    housing,
    scholarship,
    timetable,
    grades,
    internship,
    finance,
    wellbeing,
    examination,
    course_materials,
    it_account,
    international,
    language_course,
    study_progress,
    alumni_event,
    donation,
    research_project,
    facilities,
    complaint_grading,
    complaint_service,
    complaint_facilities,
};
constexpr std::array<std::string_view, 22> topic_names{"study_choice",        "admission",         "housing",
                                                       "scholarship",         "timetable",         "grades",
                                                       "internship",          "finance",           "wellbeing",
                                                       "examination",         "course_materials",  "it_account",
                                                       "international",       "language_course",   "study_progress",
                                                       "alumni_event",        "donation",          "research_project",
                                                       "facilities",          "complaint_grading", "complaint_service",
                                                       "complaint_facilities"};
/// The team that can solve a topic.
constexpr std::array<Team, 22> topic_teams{
    Team::admissions,           Team::admissions,           Team::housing_desk,  Team::international_office,
    Team::student_desk,         Team::study_advice,         Team::career_centre, Team::finance,
    Team::study_advice,         Team::student_desk,         Team::it_service,    Team::it_service,
    Team::international_office, Team::international_office, Team::study_advice,  Team::alumni_office,
    Team::alumni_office,        Team::partnership_office,   Team::student_desk,  Team::quality_office,
    Team::quality_office,       Team::quality_office};

enum class Purpose : std::uint8_t {
    marketing,
    study_guidance,
    study_progress,
    alumni_relations,
    research_partnerships,
    service,
};
constexpr std::array<std::string_view, 6> purpose_names{"marketing",        "study_guidance",        "study_progress",
                                                        "alumni_relations", "research_partnerships", "service"};

enum class Action : std::uint8_t {
    newsletter,
    open_day_invitation,
    intake_invitation,
    deadline_reminder,
    coaching_call,
    payment_reminder,
    payment_letter,
    exam_reminder,
    internship_fair_invitation,
    bsa_warning,
    alumni_newsletter,
    alumni_call,
    partner_update,
};
constexpr std::array<std::string_view, 13> action_names{
    "newsletter",        "open_day_invitation", "intake_invitation", "deadline_reminder",          "coaching_call",
    "payment_reminder",  "payment_letter",      "exam_reminder",     "internship_fair_invitation", "bsa_warning",
    "alumni_newsletter", "alumni_call",         "partner_update"};

enum class Role : std::uint8_t { prospect, applicant, student, alumnus, guardian, employer_contact, partner, staff };
constexpr std::array<std::string_view, 8> role_names{"prospect", "applicant",        "student", "alumnus",
                                                     "guardian", "employer_contact", "partner", "staff"};

enum class Decision : std::uint8_t { given, withdrawn, objected, objection_withdrawn };
constexpr std::array<std::string_view, 4> decision_names{"given", "withdrawn", "objected", "objection_withdrawn"};

enum class Step : std::uint8_t { opened, assigned, pending, solved, confirmed, reopened };
constexpr std::array<std::string_view, 6> step_names{"opened", "assigned",  "pending",
                                                     "solved", "confirmed", "reopened"};

enum class Status : std::uint8_t { applied, admitted, enrolled, interrupted, passed, failed, withdrawn };
constexpr std::array<std::string_view, 7> status_names{"applied", "admitted", "enrolled", "interrupted",
                                                       "passed",  "failed",   "withdrawn"};

enum class Duty : std::uint8_t { tuition_fee, diploma_copy, intake_appointment, bsa_credits };
constexpr std::array<std::string_view, 4> duty_names{"tuition_fee", "diploma_copy", "intake_appointment",
                                                     "bsa_credits"};

enum class DutyStep : std::uint8_t { opened, fulfilled, waived };
constexpr std::array<std::string_view, 3> duty_step_names{"opened", "fulfilled", "waived"};

enum class Relation : std::uint8_t { guardian_of, mentor_of, supervisor_of, works_at, sibling_of };
constexpr std::array<std::string_view, 5> relation_names{"guardian_of", "mentor_of", "supervisor_of", "works_at",
                                                         "sibling_of"};

enum class Language : std::uint8_t { nl, en, de, tr, uk, ar, pl };
constexpr std::array<std::string_view, 7> language_names{"nl", "en", "de", "tr", "uk", "ar", "pl"};

constexpr std::array<std::string_view, 8> programme_names{
    "nursing", "ict", "business", "teacher_training", "engineering", "social_work", "communication", "logistics"};
constexpr std::array<std::string_view, 2> site_names{"north", "south"};
constexpr std::array<std::string_view, 12> province_names{"Drenthe",    "Flevoland", "Friesland",     "Gelderland",
                                                          "Groningen",  "Limburg",   "Noord-Brabant", "Noord-Holland",
                                                          "Overijssel", "Utrecht",   "Zeeland",       "Zuid-Holland"};
constexpr std::array<std::string_view, 6> organisation_kind_names{"employer", "research_partner", "municipality",
                                                                  "school",   "supplier",         "other"};
constexpr std::array<std::string_view, 6> organisation_labels{"Employer", "Research partner", "Municipality",
                                                              "School",   "Supplier",         "Organisation"};

template <class Enum, std::size_t size>
constexpr std::string_view text_of(const std::array<std::string_view, size>& names, Enum value) {
    return names[static_cast<std::size_t>(value)];
}

/// When a zone keeps summer time.
enum class Summer : std::uint8_t { never, european, american };
struct ZoneInfo {
    std::string_view name;
    int standard_minutes;
    Summer summer;
};
constexpr std::array<ZoneInfo, 9> zones{{
    {"Europe/Amsterdam", 60, Summer::european},
    {"Europe/Berlin", 60, Summer::european},
    {"Europe/Kyiv", 120, Summer::european},
    {"Europe/Istanbul", 180, Summer::never},
    {"Asia/Kolkata", 330, Summer::never},
    {"Asia/Kathmandu", 345, Summer::never},
    {"Asia/Jakarta", 420, Summer::never},
    {"America/New_York", -300, Summer::american},
    {"America/Paramaribo", -180, Summer::never},
}};
constexpr std::size_t amsterdam = 0;

/// Sentences for a few inbound messages: per language nl, en, de; three questions, two complaints, one compliment.
/// Commas, quotation marks, line breaks and letters outside ASCII are there to exercise readers of CSV.
constexpr std::array<std::array<std::string_view, 6>, 3> sentences{{
    {"Waar vind ik informatie over dit onderwerp?", "Hallo, tot wanneer kan ik dit regelen?",
     "Ik zie \"in behandeling\" staan, wat betekent dat?", "Ik wacht al twee weken op antwoord, dit kan zo niet.",
     "Dit is de derde keer dat ik dit vraag.\nIk wil graag één duidelijk antwoord.", "Bedankt, ik ben snel geholpen."},
    {"Where do I find information about this?", "Hello, until when can I arrange this?",
     "The page says \"in progress\", what does that mean?",
     "I have been waiting for an answer for two weeks, this is not acceptable.",
     "This is the third time I ask.\nI would like one clear answer.", "Thank you, that was quick."},
    {"Wo finde ich Informationen darüber?", "Hallo, bis wann kann ich das erledigen?",
     "Dort steht \"in Bearbeitung\", was heißt das?", "Ich warte seit zwei Wochen auf eine Antwort, so geht es nicht.",
     "Ich frage jetzt zum dritten Mal.\nIch hätte gern eine klare Antwort.", "Danke für die schnelle Hilfe."},
}};

// Weights per hour of the day.
using Hours = std::array<int, 24>;
constexpr Hours study_hours{2, 1, 0, 0, 0, 0, 1, 4, 12, 18, 18, 16, 14, 16, 16, 15, 14, 11, 9, 13, 15, 14, 9, 5};
constexpr Hours leisure_hours{1, 0, 0, 0, 0, 0, 1, 4, 7, 8, 8, 8, 10, 9, 8, 8, 11, 12, 12, 16, 18, 14, 8, 3};
constexpr Hours office_hours{0, 0, 0, 0, 0, 0, 0, 0, 6, 14, 15, 13, 5, 12, 14, 13, 8, 0, 0, 0, 0, 0, 0, 0};
/// Log-odds of a response by hour on the person's own clock, in hundredths.
constexpr Hours response_hours{-150, -150, -150, -150, -150, -150, -150, -60, -30, -10, 0,   10,
                               20,   0,    0,    10,   25,   40,   50,   60,  55,  30,  -20, -90};

// ---------------------------------------------------------------------------------------------------------------
// Calendar. Days are days since 1970-01-01, instants are seconds since 1970-01-01T00:00:00Z.

using Seconds = std::int64_t;
constexpr Seconds minute = 60;
constexpr Seconds hour = 3'600;
constexpr Seconds day_length = 86'400;

int day_number(int year, int month, int day) {
    return Day::from_ymd(year, month, day).unix_days();
}
/// 0 = Monday.
int weekday_of(int day) {
    return static_cast<int>(Day::from_unix_days(day).weekday());
}
/// First day of the weekday (0 = Monday) on or after a day.
int on_or_after(int day, int weekday) {
    return day + (weekday - weekday_of(day) + 7) % 7;
}
int day_of(Seconds utc) {
    return static_cast<int>(utc >= 0 ? utc / day_length : -((-utc + day_length - 1) / day_length));
}

/// Easter Sunday (Meeus, Jones, Butcher; "Astronomical Algorithms", 1991, ch. 8).
int easter(int year) {
    const int a = year % 19;
    const int b = year / 100;
    const int c = year % 100;
    const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    const int m = (a + 11 * h + 22 * l) / 451;
    const int sum = h + l - 7 * m + 114;
    return day_number(year, sum / 31, sum % 31 + 1);
}

/// The academic year that a day belongs to, by the calendar year in which it begins on 1 September.
int academic_year_of(int day) {
    const Day date = Day::from_unix_days(day);
    return date.month() >= 9 ? date.year() : date.year() - 1;
}
/// First teaching day: the Monday nearest to 1 September.
int teaching_start(int academic_year) {
    const int first = day_number(academic_year, 9, 1);
    const int weekday = weekday_of(first);
    return weekday <= 3 ? first - weekday : first + 7 - weekday;
}
/// Friday of the last week of each of the four examination periods; weeks count from teaching_start.
constexpr std::array<int, 4> exam_last_weeks{9, 21, 32, 42};
int exam_end(int academic_year, std::size_t period) {
    return teaching_start(academic_year) + exam_last_weeks[period] * 7 + 4;
}

enum class DayKind : std::uint8_t { teaching, exam, pause, summer, holiday };

DayKind kind_of_day(int day) {
    const Day date = Day::from_unix_days(day);
    const int year = date.year();
    const int from_easter = day - easter(year);
    // National holidays, Good Friday (closed in education) and King's Day, which moves to Saturday from a Sunday.
    const int kings_day = day_number(year, 4, weekday_of(day_number(year, 4, 27)) == 6 ? 26 : 27);
    if ((date.month() == 1 && date.day_of_month() == 1) || (date.month() == 12 && date.day_of_month() == 25) ||
        (date.month() == 12 && date.day_of_month() == 26) || from_easter == -2 || from_easter == 0 ||
        from_easter == 1 || from_easter == 39 || from_easter == 49 || from_easter == 50 || day == kings_day) {
        return DayKind::holiday;
    }
    int academic_year = year;
    if (day < teaching_start(academic_year)) --academic_year;
    const int week = (day - teaching_start(academic_year)) / 7;
    if (week >= 45) return DayKind::summer;
    if (week == 7 || week == 16 || week == 17 || week == 25 || week == 34) return DayKind::pause;
    for (const int last : exam_last_weeks) {
        if (week == last || week == last - 1) return DayKind::exam;
    }
    return DayKind::teaching;
}

/// Offsets of the zones above and the texts of days, looked up by day.
class Clock {
public:
    Clock() {
        cells_.reserve(static_cast<std::size_t>(last_day - first_day));
        for (int day = first_day; day < last_day; ++day) {
            const Day date = Day::from_unix_days(day);
            cells_.push_back({to_iso(date), date.year()});
        }
        for (int year = first_year; year < last_year; ++year) {
            const auto last_sunday = [&](int month) { return on_or_after(day_number(year, month, 31) - 6, 6); };
            const Seconds eu_start = last_sunday(3) * day_length + hour;
            const Seconds eu_end = last_sunday(10) * day_length + hour;
            // 02:00 standard time and 02:00 summer time in New York.
            const Seconds us_start = on_or_after(day_number(year, 3, 8), 6) * day_length + 7 * hour;
            const Seconds us_end = on_or_after(day_number(year, 11, 1), 6) * day_length + 6 * hour;
            summers_.push_back({eu_start, eu_end, us_start, us_end});
        }
    }

    /// Offset from UTC, seconds.
    [[nodiscard]] Seconds offset(std::size_t zone, Seconds utc) const {
        const ZoneInfo& info = zones[zone];
        Seconds seconds = info.standard_minutes * minute;
        if (info.summer != Summer::never) {
            const auto& summer = summers_[static_cast<std::size_t>(cell(day_of(utc)).year - first_year)];
            const std::size_t first = info.summer == Summer::european ? 0 : 2;
            if (utc >= summer[first] && utc < summer[first + 1]) seconds += hour;
        }
        return seconds;
    }
    /// The instant of a time of day in a zone. Times in the hour that the clock skips or repeats move one hour on.
    [[nodiscard]] Seconds utc(std::size_t zone, int day, Seconds second_of_day) const {
        const Seconds local = day * day_length + second_of_day;
        const Seconds result = local - offset(zone, local - zones[zone].standard_minutes * minute);
        const bool is_skipped = local - offset(zone, result) != result;
        const bool is_repeated = offset(zone, result - hour) > offset(zone, result);
        if (is_skipped || is_repeated) {
            const Seconds moved = local + hour;
            return moved - offset(zone, moved - zones[zone].standard_minutes * minute);
        }
        return result;
    }
    /// The same instant, or two hours on where its local time in Amsterdam occurs twice.
    [[nodiscard]] Seconds unambiguous(Seconds utc) const {
        const Seconds summer_end = summers_[static_cast<std::size_t>(cell(day_of(utc)).year - first_year)][1];
        return utc >= summer_end - hour && utc < summer_end + hour ? utc + 2 * hour : utc;
    }
    /// "YYYY-MM-DDTHH:MM:SS", local time in Europe/Amsterdam.
    void put_local(std::string& out, Seconds utc) const { put(out, utc + offset(amsterdam, utc)); }
    /// "YYYY-MM-DDTHH:MM:SSZ".
    void put_utc(std::string& out, Seconds utc) const {
        put(out, utc);
        out += 'Z';
    }

private:
    static constexpr int first_year = 1960;
    static constexpr int last_year = 2100;
    static constexpr int first_day = -3'653;  // 1960-01-01
    static constexpr int last_day = 47'482;   // 2100-01-01
    struct Cell {
        std::string iso;
        int year;
    };

    [[nodiscard]] const Cell& cell(int day) const { return cells_[static_cast<std::size_t>(day - first_day)]; }
    void put(std::string& out, Seconds seconds) const {
        const int day = day_of(seconds);
        const auto rest = static_cast<int>(seconds - day * day_length);
        const auto two = [&](int value) {
            out += static_cast<char>('0' + value / 10);
            out += static_cast<char>('0' + value % 10);
        };
        out += cell(day).iso;
        out += 'T';
        two(rest / 3'600);
        out += ':';
        two(rest / 60 % 60);
        out += ':';
        two(rest % 60);
    }

    std::vector<Cell> cells_;
    std::vector<std::array<Seconds, 4>> summers_;
};

// ---------------------------------------------------------------------------------------------------------------
// Rows.

void put_number(std::string& out, std::int64_t value, std::size_t min_digits = 1) {
    const std::string digits = std::to_string(value);
    if (digits.size() < min_digits) out.append(min_digits - digits.size(), '0');
    out += digits;
}

/// A decimal number with a fixed count of digits behind the point; rounded half up, from integers.
void put_decimal(std::string& out, double value, int digits) {
    std::int64_t scale = 1;
    for (int i = 0; i < digits; ++i) scale *= 10;
    const double magnitude = value < 0.0 ? -value : value;
    const auto scaled = static_cast<std::int64_t>(magnitude * static_cast<double>(scale) + 0.5);
    if (value < 0.0 && scaled != 0) out += '-';
    put_number(out, scaled / scale);
    out += '.';
    put_number(out, scaled % scale, static_cast<std::size_t>(digits));
}

void put_person(std::string& out, std::uint32_t person) {
    out += 'P';
    put_number(out, person, 6);
}

/// A field in quotation marks where RFC 4180 asks for them.
void put_field(std::string& out, std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

template <class Enum, std::size_t size>
void put_optional(std::string& out, const std::array<std::string_view, size>& names, const std::optional<Enum>& value) {
    if (value) out += text_of(names, *value);
}

/// One row of a small file, without its id.
struct Line {
    Seconds at;
    std::uint32_t person;
    std::string rest;
};

/// One interaction.
struct Contact {
    Seconds at = 0;
    Seconds known_at = 0;
    std::int64_t dialogue = 0;  ///< 0 = none.
    std::uint32_t person = 0;
    std::uint32_t sequence = 0;  ///< Where it stands among the person's own.
    int quantity = 1;
    Channel channel = Channel::email;
    Act act = Act::sent;
    Direction direction = Direction::inbound;
    Actor actor = Actor::person;
    std::optional<Topic> topic{};
    std::optional<Language> language{};
    std::optional<Team> team{};
    std::optional<Purpose> purpose{};
    std::optional<Action> action{};
    std::optional<Tone> tone{};
    std::string_view text{};
};

void write_text(const std::filesystem::path& path, std::string_view text) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) throw alloquy::Error{"sample_institution: cannot write " + path.filename().string()};
}

/// Writes one file: good rows with ids, every 500th of them once more some way on, broken rows at even distances.
class Writer {
public:
    Writer(std::string_view header, char prefix, std::size_t good_rows, std::span<const std::string_view> broken)
        : prefix_{prefix}, good_rows_{good_rows}, broken_{broken} {
        out_ += header;
        out_ += line_end;
    }
    /// Adds the next good row; `put` appends all that follows the id and its comma.
    template <class Put>
    void add(Put&& put) {
        put_due_broken();
        const std::size_t start = out_.size();
        out_ += prefix_;
        put_number(out_, static_cast<std::int64_t>(good_) + 1, 7);
        out_ += ',';
        put(out_);
        out_ += line_end;
        ++good_;
        if (good_ % double_every == 0) pending_.push_back({good_ + double_distance, out_.substr(start)});
        if (!pending_.empty() && pending_.front().due == good_) put_double();
    }
    /// Writes what is still owed and the file itself.
    FileCount finish(const std::filesystem::path& path, std::uint64_t late) {
        while (next_broken_ < broken_.size()) put_broken();
        while (!pending_.empty()) put_double();
        write_text(path, out_);
        return {good_ + doubles_ + broken_.size(), doubles_, broken_.size(), late};
    }

private:
    static constexpr std::string_view line_end = "\r\n";
    static constexpr std::size_t double_every = 500;
    static constexpr std::size_t double_distance = 97;
    struct Double {
        std::size_t due;
        std::string row;
    };

    void put_due_broken() {
        while (next_broken_ < broken_.size() && good_ * (broken_.size() + 1) >= (next_broken_ + 1) * good_rows_) {
            put_broken();
        }
    }
    void put_broken() {
        out_ += "broken-";
        out_ += prefix_;
        put_number(out_, static_cast<std::int64_t>(next_broken_) + 1);
        out_ += ',';
        out_ += broken_[next_broken_++];
        out_ += line_end;
    }
    void put_double() {
        out_ += pending_.front().row;
        pending_.erase(pending_.begin());
        ++doubles_;
    }

    std::string out_;
    char prefix_;
    std::size_t good_rows_;
    std::span<const std::string_view> broken_;
    std::size_t good_ = 0;
    std::size_t doubles_ = 0;
    std::size_t next_broken_ = 0;
    std::vector<Double> pending_;
};

// Broken rows, without id. Each has the right number of fields, so that only its content is wrong.
constexpr std::array<std::string_view, 2> broken_people{
    ",nobody@example.org,nl,Europe/Amsterdam,2004,Utrecht,havo,north",
    "P000001,p000001@example.org,nl,Europe/Amsterdam,soon,Utrecht,havo,north"};
constexpr std::array<std::string_view, 4> broken_roles{
    "P000001,student,ict,north,started,2025-02-30T09:00:00", "P000001,wizard,ict,north,started,2025-10-01T09:00:00",
    ",student,ict,north,started,2025-10-01T09:00:00", "P000001,student,ict,north,paused,2025-10-01T09:00:00"};
constexpr std::array<std::string_view, 4> broken_consents{
    "P000001,marketing,,maybe,2025-1,2025-10-01T09:00:00Z", "P000001,,,given,2025-1,2025-10-01T09:00:00Z",
    ",marketing,,given,2025-1,2025-10-01T09:00:00Z", "P000001,marketing,,given,2025-1,yesterday"};
constexpr std::array<std::string_view, 8> broken_interactions{
    "P000001,2025-13-01T09:00:00,2025-10-01T09:00:00,email,sent,inbound,timetable,nl,person,,,,,1,,",
    "P000001,,2025-10-01T09:00:00,email,sent,inbound,timetable,nl,person,,,,,1,,",
    "P000001,2025-10-01T09:00:00,2025-10-01T09:00:00,email,teleported,inbound,timetable,nl,person,,,,,1,,",
    ",2025-10-01T09:00:00,2025-10-01T09:00:00,email,sent,inbound,timetable,nl,person,,,,,1,,",
    "P000001,2025-10-01T09:00:00,2025-10-01T09:00:00,email,sent,sideways,timetable,nl,person,,,,,1,,",
    "P000001,2025-10-01T09:00:00,2025-10-01T09:00:00,portal,clicked,inbound,timetable,,person,,,,,-3,,",
    "P000001,2025-10-01T09:00:00,2025-10-01T09:00:00,email,sent,inbound,timetable,nl,ghost,,,,,1,,",
    "P000001,2025-10-01T09:00:00,2025-10-01T09:00:00,,sent,inbound,timetable,nl,person,,,,,1,,"};
constexpr std::array<std::string_view, 5> broken_dialogues{
    "P000001,1001,vanished,student_desk,timetable,question,2025-10-01T09:00:00Z",
    "P000001,first,opened,student_desk,timetable,question,2025-10-01T09:00:00Z",
    ",1001,opened,student_desk,timetable,question,2025-10-01T09:00:00Z",
    "P000001,1001,opened,student_desk,timetable,angry,2025-10-01T09:00:00Z",
    "P000001,1001,opened,student_desk,timetable,question,2025-10-01T25:00:00Z"};
constexpr std::array<std::string_view, 3> broken_relations{"P000001,neighbour_of,P000002,,2025-10-01T09:00:00",
                                                           "P000001,sibling_of,,,2025-10-01T09:00:00",
                                                           ",sibling_of,P000002,,2025-10-01T09:00:00"};
constexpr std::array<std::string_view, 4> broken_enrolments{
    "P000001,ict,dreaming,2025-10-01T09:00:00", "P000001,,enrolled,2025-10-01T09:00:00",
    ",ict,enrolled,2025-10-01T09:00:00", "P000001,ict,enrolled,01/10/2025 09:00"};
constexpr std::array<std::string_view, 5> broken_results{
    "P000001,ict_y1_p1_a,7.5,2025-11-14T12:00:00Z", "P000001,ict_y1_p1_a,nan,2025-11-14T12:00:00Z",
    "P000001,ict_y1_p1_a,,2025-11-14T12:00:00Z", ",ict_y1_p1_a,0.75,2025-11-14T12:00:00Z",
    "P000001,ict_y1_p1_a,0.75,2025-11-31T12:00:00Z"};
constexpr std::array<std::string_view, 4> broken_obligations{
    "P000001,tuition_fee,2025,forgotten,2025-09-30T21:59:59Z,2025-09-01T07:00:00Z",
    "P000001,tuition_fee,2025,opened,2025-09-31T21:59:59Z,2025-09-01T07:00:00Z",
    ",tuition_fee,2025,opened,2025-09-30T21:59:59Z,2025-09-01T07:00:00Z",
    "P000001,,2025,opened,2025-09-30T21:59:59Z,2025-09-01T07:00:00Z"};

// ---------------------------------------------------------------------------------------------------------------
// People.

/// Which story somebody's life follows in the period.
enum class Arc : std::uint8_t { student, prospect, alumnus, guardian, employer_contact, partner, staff };

/// A binary treatment with both outcomes, as truth.csv states it.
struct Experiment {
    bool is_assigned;
    double propensity;  ///< Probability of being assigned, given what was known before.
    double p0;          ///< Probability of the outcome without the treatment.
    double p1;          ///< The same with it; for calls, given whether the person would be reached.
    bool y0;
    bool y1;

    [[nodiscard]] bool outcome() const { return is_assigned ? y1 : y0; }
};

/// From when to when something holds, [from, until).
struct Window {
    Seconds from = 1;
    Seconds until = 0;
    [[nodiscard]] bool contains(Seconds at) const { return at >= from && at < until; }
};
constexpr Seconds far_future = 7'000'000'000;

struct Person {
    std::uint32_t index = 0;  ///< From 1.
    Arc arc = Arc::student;
    int cohort = 0;  ///< Academic year of entry, or of the intake that a prospect looks at.
    std::size_t programme = 0;
    std::size_t site = 0;
    std::optional<Language> language{};
    Language message_language = Language::nl;
    std::optional<std::size_t> zone{};
    std::size_t own_zone = amsterdam;  ///< Where the person's clock stands, also where the zone is unknown.
    int birth_year = 0;
    std::string_view region;
    std::string_view prior_education;
    double difficulty = 0.0;
    double interest = 0.0;
    double forgetfulness = 0.0;
    double affinity = 0.0;
    double activity = 1.0;
    int clock_shift = 0;  ///< Hours by which the person's day lies later than usual.
    std::array<double, channel_names.size()> preference{};
    int first_day = 0;  ///< Of a prospect: first contact.
    Window marketing{};
    Window alumni_relations{};
    Window partnerships{};
    Window guidance_objection{};
    Window progress_objection{};
    int dialogues = 0;
    std::uint32_t contacts = 0;
    std::optional<Experiment> invitation{};
    std::optional<Experiment> coaching{};
    std::optional<Experiment> fee{};
    std::optional<Experiment> gift{};
};

/// Something that a person did. Calls pass it in braces: only there are several draws in one expression made in order,
/// whereas compilers differ in the order of a function's arguments and an operator's operands.
struct OwnAct {
    Seconds at;
    Channel channel;
    Act act;
    std::optional<Topic> topic{};
    int quantity = 1;
};

/// Credits of one academic year.
struct Credits {
    int total = 0;
    int halfway = 0;                  ///< Known on 14 February.
    std::optional<int> enough_day{};  ///< When the total reached what a first year asks.
};

class College {
public:
    explicit College(const Options& options);
    Counts write(const std::filesystem::path& out_dir);

private:
    [[nodiscard]] Stream stream(const Person& person, Draw purpose, std::uint64_t sub = 0) const {
        return Stream{seed_, person.index, purpose, sub};
    }
    void make_profile(Person& person);
    void live(Person& person);
    void live_as_prospect(Person& person);
    void live_as_student(Person& person);
    void live_as_alumnus(Person& person, int first_day);
    void live_as_contact(Person& person, Role role);
    void live_as_guardian(Person& person);
    void live_as_staff(Person& person);
    void use_portal(Person& person, int first, int end, int end_of_study, bool leaves);
    void ask_questions(Person& person, int first, int end, double per_week, bool is_student);
    Credits take_assessments(Person& person, int academic_year, int year_of_study, int end_of_study);
    void pay_tuition(Person& person, int academic_year, int end_of_study);
    bool coach(Person& person, std::vector<Contact>& calls);
    int portal_sessions(const Person& person, int day, double factor) const;
    void open_dialogue(Person& person, Stream& draw, Seconds at, Topic topic, Tone tone, Channel channel);

    void add(Person& person, Contact contact);
    void own_act(Person& person, const OwnAct& act);
    void send(Person& person, Stream& draw, Seconds at, Channel channel, Topic topic, Purpose purpose, Action action);
    bool call(Person& person, Stream& draw, Seconds at, Topic topic, Purpose purpose, Action action,
              std::vector<Contact>& out);
    double response_logit(const Person& person, Channel channel, Seconds at) const;
    Channel message_channel(const Person& person) const;

    void role(const Person& person, Role kind, bool is_ended, Seconds at, bool has_programme);
    void consent(const Person& person, Purpose purpose, std::optional<Channel> channel, Decision decision, Seconds at);
    Window ask_consent(const Person& person, Purpose purpose, Seconds at, double given, double withdrawn);
    void dialogue_step(const Person& person, std::int64_t dialogue, Step step, std::optional<Team> team,
                       std::optional<Topic> topic, std::optional<Tone> tone, Seconds at);
    void relation(const Person& person, Relation kind, std::optional<std::uint32_t> other,
                  std::optional<std::size_t> organisation, Seconds at);
    void enrolment(const Person& person, Status status, Seconds at);
    void obligation(const Person& person, Duty kind, int item, DutyStep step, std::optional<Seconds> due, Seconds at);

    [[nodiscard]] Seconds at_hour(Stream& draw, int day, const Hours& hours, std::size_t zone) const {
        const auto hour_of_day = static_cast<Seconds>(draw.pick(hours));
        return clock_.utc(zone, day, hour_of_day * hour + draw.below(3'600));
    }
    [[nodiscard]] Seconds own_time(const Person& person, Stream& draw, int day, const Hours& hours) const {
        return at_hour(draw, day, hours, person.own_zone);
    }
    [[nodiscard]] Seconds office_time(Stream& draw, int day) const {
        return at_hour(draw, working_day(day), office_hours, amsterdam);
    }
    /// 09:00 in Amsterdam.
    [[nodiscard]] Seconds morning(int day) const { return clock_.utc(amsterdam, day, 9 * hour); }
    [[nodiscard]] bool is_working_day(int day) const { return weekday_of(day) < 5 && kind(day) != DayKind::holiday; }
    [[nodiscard]] int working_day(int day) const {
        while (!is_working_day(day)) ++day;
        return day;
    }
    /// The first instant within office hours at or after `at`, with some minutes of slack where it had to move.
    [[nodiscard]] Seconds in_office(Stream& draw, Seconds at) const;
    /// Moves an instant in the person's night to the following morning.
    [[nodiscard]] Seconds awake(const Person& person, Stream& draw, Seconds at) const;
    [[nodiscard]] DayKind kind(int day) const {
        const int index = day - kinds_first_;
        return index >= 0 && index < static_cast<int>(kinds_.size()) ? kinds_[static_cast<std::size_t>(index)]
                                                                     : kind_of_day(day);
    }
    [[nodiscard]] bool is_in_period(Seconds at) const { return at >= start_ && at < end_; }

    Clock clock_;
    std::uint64_t seed_;
    int start_day_;
    int end_day_;
    Seconds start_;
    Seconds end_;
    int kinds_first_;
    std::vector<DayKind> kinds_;
    std::vector<int> mailing_days_;  ///< One per month.
    std::vector<Person> people_;
    std::vector<std::uint32_t> minors_;
    std::vector<std::uint32_t> students_;
    std::size_t organisations_;

    std::vector<Line> roles_;
    std::vector<Line> consents_;
    std::vector<Contact> interactions_;
    std::vector<Line> dialogues_;
    std::vector<Line> relations_;
    std::vector<Line> enrolments_;
    std::vector<Line> results_;
    std::vector<Line> obligations_;
};

// -- Rows ---------------------------------------------------------------------------------------------------------

void College::add(Person& person, Contact contact) {
    contact.at = clock_.unambiguous(contact.at);
    if (!is_in_period(contact.at)) return;
    contact.person = person.index;
    contact.sequence = person.contacts++;
    contact.known_at = contact.at;
    Stream draw = stream(person, Draw::lateness, contact.sequence);
    if (draw.chance(0.01)) {
        const int known_day = day_of(contact.at) + draw.between(1, 14);
        const Seconds known = morning(known_day) + draw.below(8 * 3'600);
        // What becomes known after the period cannot stand in a file made at its end.
        if (known < end_) contact.known_at = known;
    }
    interactions_.push_back(contact);
}

void College::own_act(Person& person, const OwnAct& act) {
    Contact contact;
    contact.at = act.at;
    contact.channel = act.channel;
    contact.act = act.act;
    contact.topic = act.topic;
    contact.quantity = act.quantity;
    add(person, contact);
}

void College::role(const Person& person, Role kind, bool is_ended, Seconds at, bool has_programme) {
    at = clock_.unambiguous(at);
    if (at >= end_) return;
    std::string rest;
    rest += text_of(role_names, kind);
    rest += ',';
    if (has_programme) rest += programme_names[person.programme];
    rest += ',';
    if (has_programme || kind == Role::staff) rest += site_names[person.site];
    rest += is_ended ? ",ended," : ",started,";
    clock_.put_local(rest, at);
    roles_.push_back({at, person.index, std::move(rest)});
}

void College::consent(const Person& person, Purpose purpose, std::optional<Channel> channel, Decision decision,
                      Seconds at) {
    if (at >= end_) return;
    std::string rest;
    rest += text_of(purpose_names, purpose);
    rest += ',';
    put_optional(rest, channel_names, channel);
    rest += ',';
    rest += text_of(decision_names, decision);
    rest += ',';
    put_number(rest, academic_year_of(day_of(at)));
    rest += "-1,";
    clock_.put_utc(rest, at);
    consents_.push_back({at, person.index, std::move(rest)});
}

/// Asks for consent; the answer holds until it is withdrawn.
Window College::ask_consent(const Person& person, Purpose purpose, Seconds at, double given, double withdrawn) {
    Stream draw = stream(person, Draw::consent, static_cast<std::uint64_t>(purpose));
    if (!draw.chance(given)) return {};
    consent(person, purpose, std::nullopt, Decision::given, at);
    if (!draw.chance(withdrawn)) return {at, far_future};
    const Seconds until = at + static_cast<Seconds>((5.0 + draw.gamma(1.2) * 100.0) * static_cast<double>(day_length));
    consent(person, purpose, std::nullopt, Decision::withdrawn, until);
    return {at, until};
}

void College::dialogue_step(const Person& person, std::int64_t dialogue, Step step, std::optional<Team> team,
                            std::optional<Topic> topic, std::optional<Tone> tone, Seconds at) {
    if (!is_in_period(at)) return;
    std::string rest;
    put_number(rest, dialogue);
    rest += ',';
    rest += text_of(step_names, step);
    rest += ',';
    put_optional(rest, team_names, team);
    rest += ',';
    put_optional(rest, topic_names, topic);
    rest += ',';
    put_optional(rest, tone_names, tone);
    rest += ',';
    clock_.put_utc(rest, at);
    dialogues_.push_back({at, person.index, std::move(rest)});
}

void College::relation(const Person& person, Relation kind, std::optional<std::uint32_t> other,
                       std::optional<std::size_t> organisation, Seconds at) {
    at = clock_.unambiguous(at);
    if (at >= end_) return;
    std::string rest;
    rest += text_of(relation_names, kind);
    rest += ',';
    if (other) put_person(rest, *other);
    rest += ',';
    if (organisation) {
        rest += "org-";
        put_number(rest, static_cast<std::int64_t>(*organisation) + 1, 5);
    }
    rest += ',';
    clock_.put_local(rest, at);
    relations_.push_back({at, person.index, std::move(rest)});
}

void College::enrolment(const Person& person, Status status, Seconds at) {
    at = clock_.unambiguous(at);
    if (at >= end_) return;
    std::string rest;
    rest += programme_names[person.programme];
    rest += ',';
    rest += text_of(status_names, status);
    rest += ',';
    clock_.put_local(rest, at);
    enrolments_.push_back({at, person.index, std::move(rest)});
}

void College::obligation(const Person& person, Duty kind, int item, DutyStep step, std::optional<Seconds> due,
                         Seconds at) {
    if (at >= end_) return;
    std::string rest;
    rest += text_of(duty_names, kind);
    rest += ',';
    put_number(rest, item);
    rest += ',';
    rest += text_of(duty_step_names, step);
    rest += ',';
    if (due) clock_.put_utc(rest, *due);
    rest += ',';
    clock_.put_utc(rest, at);
    obligations_.push_back({at, person.index, std::move(rest)});
}

// -- Time ---------------------------------------------------------------------------------------------------------

Seconds College::in_office(Stream& draw, Seconds at) const {
    const Seconds local = at + clock_.offset(amsterdam, at);
    int day = day_of(local);
    const Seconds second_of_day = local - day * day_length;
    if (is_working_day(day) && second_of_day >= 8 * hour + 30 * minute && second_of_day < 17 * hour) return at;
    if (second_of_day >= 17 * hour) ++day;
    return clock_.utc(amsterdam, working_day(day), 8 * hour + 30 * minute + draw.below(5'400));
}

Seconds College::awake(const Person& person, Stream& draw, Seconds at) const {
    const Seconds local = at + clock_.offset(person.own_zone, at);
    const int day = day_of(local);
    if (local - day * day_length >= 7 * hour) return at;
    return clock_.utc(person.own_zone, day, 7 * hour + draw.below(2 * 3'600));
}

// -- Contacts by the college --------------------------------------------------------------------------------------

/// Log-odds that somebody responds: preference for the channel, the hour on the own clock, the language, the burden.
double College::response_logit(const Person& person, Channel channel, Seconds at) const {
    const Seconds local = at + clock_.offset(person.own_zone, at);
    const auto hour_of_day = static_cast<int>((local - day_of(local) * day_length) / hour);
    const auto shifted = static_cast<std::size_t>((hour_of_day - person.clock_shift + 24) % 24);
    const bool is_own_language = !person.language || *person.language == person.message_language;
    return person.preference[static_cast<std::size_t>(channel)] + static_cast<double>(response_hours[shifted]) / 100.0 +
           (is_own_language ? 0.0 : -0.7) - 0.3 * (person.difficulty > 0.0 ? person.difficulty : 0.0);
}

Channel College::message_channel(const Person& person) const {
    const double email = person.preference[static_cast<std::size_t>(Channel::email)];
    const double whatsapp = person.preference[static_cast<std::size_t>(Channel::whatsapp)];
    return whatsapp > email + 0.8 ? Channel::whatsapp : Channel::email;
}

void College::send(Person& person, Stream& draw, Seconds at, Channel channel, Topic topic, Purpose purpose,
                   Action action) {
    Contact out;
    out.at = at;
    out.channel = channel;
    out.act = Act::sent;
    out.direction = Direction::outbound;
    out.actor = Actor::team;
    out.topic = topic;
    out.language = person.message_language;
    out.team = topic_teams[static_cast<std::size_t>(topic)];
    out.purpose = purpose;
    out.action = action;
    add(person, out);
    if (channel == Channel::letter) return;
    out.at = at + draw.between(1, 40);
    if (channel == Channel::email && draw.chance(0.012)) {
        out.act = Act::bounced;
        add(person, out);
        return;
    }
    if (channel == Channel::whatsapp) {
        out.act = Act::delivered;
        add(person, out);
    }
    const double logit = response_logit(person, channel, at);
    Contact back = out;
    back.direction = Direction::inbound;
    back.actor = Actor::person;
    back.team.reset();
    back.purpose.reset();
    back.action.reset();
    const auto after = [&](double mean_hours) {
        const auto delay = static_cast<Seconds>(draw.gamma(0.8) * mean_hours * 3'600.0);
        return delay + draw.between(20, 120);
    };
    const bool is_opened = draw.chance(logistic(logit + 0.2));
    back.at = awake(person, draw, out.at + after(6.0));
    if (!is_opened) return;
    back.act = Act::opened;
    add(person, back);
    if (draw.chance(logistic(0.5 * logit - 0.8))) {
        back.at += draw.between(15, 400);
        back.act = Act::clicked;
        back.language.reset();
        add(person, back);
        back.language = person.message_language;
    }
    if (draw.chance(logistic(logit - (channel == Channel::email ? 2.4 : 1.2)))) {
        back.at = awake(person, draw, back.at + after(3.0));
        back.act = Act::replied;
        add(person, back);
    }
}

bool College::call(Person& person, Stream& draw, Seconds at, Topic topic, Purpose purpose, Action action,
                   std::vector<Contact>& out) {
    Contact contact;
    contact.at = at;
    contact.channel = Channel::phone;
    contact.act = Act::called;
    contact.direction = Direction::outbound;
    contact.actor = Actor::staff;
    contact.topic = topic;
    contact.language = person.message_language;
    contact.team = topic_teams[static_cast<std::size_t>(topic)];
    contact.purpose = purpose;
    contact.action = action;
    out.push_back(contact);
    const bool is_answered = draw.chance(logistic(0.3 + response_logit(person, Channel::phone, at)));
    contact.at += draw.between(8, 35);
    contact.act = is_answered ? Act::answered : Act::missed;
    if (is_answered) {  // taking a call is the person's own act; that nobody took it is the call's fate
        contact.direction = Direction::inbound;
        contact.actor = Actor::person;
        contact.team.reset();
        contact.purpose.reset();
        contact.action.reset();
    }
    out.push_back(contact);
    return is_answered;
}

// -- Dialogues ----------------------------------------------------------------------------------------------------

void College::open_dialogue(Person& person, Stream& draw, Seconds at, Topic topic, Tone tone, Channel channel) {
    if (!is_in_period(at) || person.dialogues >= 999) return;
    const std::int64_t dialogue = std::int64_t{person.index} * 1'000 + ++person.dialogues;
    const Team team = topic_teams[static_cast<std::size_t>(topic)];
    const Language language = person.language.value_or(Language::nl);
    const double pace = tone == Tone::complaint ? 3.0 : 1.0;
    const auto within = [&](double mean_hours) { return static_cast<Seconds>(draw.gamma(1.3) * mean_hours * 3'600.0); };

    Contact in;
    in.at = at;
    in.channel = channel;
    in.act = channel == Channel::phone ? Act::called : Act::sent;
    in.topic = topic;
    in.language = language;
    in.team = team;
    in.dialogue = dialogue;
    in.tone = tone;
    Contact first = in;
    if (channel != Channel::phone && language <= Language::de && draw.chance(0.08)) {
        const auto& list = sentences[static_cast<std::size_t>(language)];
        const auto one_of = [&](int from, int count) {
            return list[static_cast<std::size_t>(from + draw.below(count))];
        };
        first.text = tone == Tone::complaint ? one_of(3, 2) : tone == Tone::compliment ? list[5] : one_of(0, 3);
    }
    add(person, first);
    dialogue_step(person, dialogue, Step::opened, std::nullopt, topic, tone, at);
    in.tone.reset();

    const bool is_bot = channel == Channel::chat && draw.chance(0.4);
    Contact out = in;
    out.direction = Direction::outbound;
    out.actor = is_bot ? Actor::bot : Actor::staff;
    out.act = channel == Channel::phone ? Act::answered : Act::replied;
    out.language = person.message_language;
    out.purpose = Purpose::service;
    if (channel == Channel::phone) {
        out.at = at + draw.between(10, 240);
        add(person, out);
        out.channel = Channel::email;
        out.act = Act::replied;
    }
    Seconds now = is_bot ? at + draw.between(20, 400) : in_office(draw, at + within(1.2 * pace));
    if (draw.chance(0.1)) {  // the wrong team first
        dialogue_step(person, dialogue, Step::assigned, Team::student_desk, std::nullopt, std::nullopt, now);
        now = in_office(draw, now + within(5.0 * pace));
    }
    dialogue_step(person, dialogue, Step::assigned, team, std::nullopt, std::nullopt, now);
    if (draw.chance(tone == Tone::complaint ? 0.1 : 0.04)) return;  // nobody ever answers

    const auto reply_by_person = [&](double mean_hours, std::optional<Tone> reply_tone) {
        now = awake(person, draw, now + within(mean_hours) + 300);
        Contact reply = in;
        reply.at = now;
        reply.channel = out.channel;
        reply.act = Act::replied;
        reply.tone = reply_tone;
        add(person, reply);
    };
    const auto reply_by_college = [&](Step step, double mean_hours) {
        now = in_office(draw, now + within(mean_hours * pace) + 120);
        out.at = now;
        add(person, out);
        dialogue_step(person, dialogue, step, team, std::nullopt, std::nullopt, now);
    };
    if (draw.chance(0.25)) {
        reply_by_college(Step::pending, 4.0);
        if (draw.chance(0.2)) return;  // the person stays silent
        reply_by_person(14.0, std::nullopt);
        dialogue_step(person, dialogue, Step::assigned, team, std::nullopt, std::nullopt, now);
    }
    reply_by_college(Step::solved, 6.0);
    const double reopening = tone == Tone::complaint ? 0.25 : 0.07;
    const double fate = draw.unit();
    if (fate < reopening) {
        reply_by_person(20.0, Tone::complaint);
        dialogue_step(person, dialogue, Step::reopened, std::nullopt, std::nullopt, Tone::complaint, now);
        reply_by_college(Step::solved, 9.0);
        if (!draw.chance(0.75)) return;
    } else if (fate > 0.8) {
        return;  // solved, never confirmed
    }
    if (draw.chance(0.3)) {
        reply_by_person(20.0, draw.chance(0.2) ? std::optional{Tone::compliment} : std::nullopt);
    } else {
        now = awake(person, draw, now + within(20.0) + 300);
    }
    dialogue_step(person, dialogue, Step::confirmed, std::nullopt, std::nullopt, std::nullopt, now);
}

/// Questions and complaints over [first, end), days, at a weekly rate that holidays and summer lower.
void College::ask_questions(Person& person, int first, int end, double per_week, bool is_student) {
    constexpr std::array<int, 22> student_topics{1, 1, 4, 4, 10, 10, 8, 7, 6, 8, 6, 5, 3, 2, 7, 0, 0, 0, 5, 4, 4, 2};
    constexpr std::array<int, 22> other_topics{25, 25, 8, 6, 0, 0, 4, 6, 0, 0, 0, 3, 5, 4, 0, 2, 1, 2, 2, 0, 4, 1};
    constexpr std::array<int, 9> channels{40, 15, 20, 25, 0, 0, 0, 0, 0};
    for (int day = std::max(first, start_day_); day < std::min(end, end_day_); ++day) {
        Stream draw = stream(person, Draw::dialogue, static_cast<std::uint64_t>(day));
        double rate = per_week / 7.0 * (weekday_of(day) >= 5 ? 0.4 : 1.24);
        switch (kind(day)) {
            case DayKind::teaching:
                break;
            case DayKind::exam:
                rate *= 1.3;
                break;
            case DayKind::pause:
                rate *= 0.4;
                break;
            case DayKind::summer:
                rate *= 0.35;
                break;
            case DayKind::holiday:
                rate *= 0.15;
                break;
        }
        if (!draw.chance(rate)) continue;
        const auto topic = static_cast<Topic>(draw.pick(is_student ? student_topics : other_topics));
        Tone tone = Tone::question;
        if (topic >= Topic::complaint_grading || draw.chance(0.05)) {
            tone = Tone::complaint;
        } else if (draw.chance(0.03)) {
            tone = Tone::compliment;
        } else if (draw.chance(0.15)) {
            tone = Tone::neutral;
        }
        auto channel = static_cast<Channel>(draw.pick(channels));
        if (draw.chance(0.5)) {  // half of the messages take the channel that the person likes best
            for (const Channel other : {Channel::email, Channel::phone, Channel::whatsapp, Channel::chat}) {
                if (person.preference[static_cast<std::size_t>(other)] >
                    person.preference[static_cast<std::size_t>(channel)]) {
                    channel = other;
                }
            }
        }
        const Hours& hours = channel == Channel::phone ? office_hours : leisure_hours;
        if (channel == Channel::phone && !is_working_day(day)) channel = Channel::email;
        const std::size_t zone = channel == Channel::phone ? amsterdam : person.own_zone;
        open_dialogue(person, draw, at_hour(draw, day, hours, zone), topic, tone, channel);
    }
}

// -- Prospects and applicants -------------------------------------------------------------------------------------

void College::live_as_prospect(Person& person) {
    const int intake = person.cohort;
    const std::array<int, 3> open_days{on_or_after(day_number(intake - 1, 11, 9), 5),
                                       on_or_after(day_number(intake, 1, 18), 5),
                                       on_or_after(day_number(intake, 3, 8), 5)};
    Stream draw = stream(person, Draw::prospect);
    const int first = person.first_day;
    const Seconds first_at = own_time(person, draw, first, leisure_hours);
    role(person, Role::prospect, false, first_at, true);
    own_act(person, {first_at, Channel::web, Act::visited, Topic::study_choice, 1 + draw.poisson(3.0)});
    if (draw.chance(0.6)) own_act(person, {first_at + 300, Channel::web, Act::submitted, Topic::study_choice});
    person.marketing = ask_consent(person, Purpose::marketing, first_at + 310, 0.8, 0.1);
    if (person.marketing.from <= person.marketing.until && draw.chance(0.06)) {
        consent(person, Purpose::marketing, Channel::phone, Decision::withdrawn, first_at + 20 * day_length);
    }
    int early_visits = 0;
    for (int visits = draw.poisson(1.0 + 2.0 * logistic(person.interest)); visits > 0; --visits) {
        const int day = first + 1 + draw.below(6);
        own_act(person, {own_time(person, draw, day, leisure_hours), Channel::web, Act::visited, Topic::study_choice,
                         1 + draw.poisson(2.0)});
        ++early_visits;
    }

    // The invitation to the next open day, for those who may be written to.
    std::optional<int> open_day;
    for (auto i = open_days.size(); i-- > 0;) {
        if (open_days[i] >= first + 14) open_day = open_days[i];
    }
    const int decided = day_number(intake, 8, 20);
    const double logit = -0.1 + 1.0 * person.interest;
    Stream fate = stream(person, Draw::invitation);
    const double threshold = fate.unit();
    bool applies = threshold < logistic(logit);
    if (open_day && decided < end_day_) {
        const Seconds at = clock_.utc(amsterdam, working_day(*open_day - 6), 10 * hour + fate.below(4 * 3'600));
        if (at >= start_ && person.marketing.contains(at)) {
            const double effect = 0.8 - 0.6 * (person.interest > 0.0 ? person.interest : 0.0);
            const double propensity = early_visits >= 2 ? 0.65 : 0.35;
            const double p0 = logistic(logit);
            const double p1 = logistic(logit + effect);
            const bool is_assigned = fate.chance(propensity);
            person.invitation = Experiment{is_assigned, propensity, p0, p1, threshold < p0, threshold < p1};
            applies = person.invitation->outcome();
            if (is_assigned) {
                send(person, fate, at, message_channel(person), Topic::study_choice, Purpose::marketing,
                     Action::open_day_invitation);
            }
        }
    }
    for (const int day : open_days) {
        if (day < first) continue;
        const bool is_invited = person.invitation && person.invitation->is_assigned && open_day == day;
        if (person.own_zone != amsterdam || !draw.chance(is_invited ? 0.5 : 0.3)) continue;
        own_act(person, {clock_.utc(amsterdam, day, 10 * hour + draw.below(3 * 3'600)), Channel::event,
                         draw.chance(0.85) ? Act::attended : Act::absent, Topic::study_choice});
    }

    const int earliest = open_day ? *open_day + 2 : first + 7;
    const int deadline = day_number(intake, 5, 1);
    Stream path = stream(person, Draw::application);
    int applied = path.chance(0.7) ? deadline - static_cast<int>(path.gamma(1.5) * 12.0)
                                   : earliest + path.below(std::max(1, day_number(intake, 8, 10) - earliest));
    if (applied < earliest) applied = earliest + path.below(10);
    if (applied > decided - 5) applied = decided - 5;
    const int last = applies ? applied : day_number(intake, 9, 1);

    for (const int day : mailing_days_) {
        const Seconds at = clock_.utc(amsterdam, day, 10 * hour + draw.below(3'600));
        if (day <= first || day >= last || !person.marketing.contains(at)) continue;
        send(person, draw, at, message_channel(person), Topic::study_choice, Purpose::marketing, Action::newsletter);
    }
    for (int day = first + 7; day < last; ++day) {
        const double near_deadline = day > deadline - 30 && day <= deadline ? 2.0 : 1.0;
        if (!draw.chance(0.03 * near_deadline * (0.4 + logistic(person.interest)))) continue;
        own_act(person, {own_time(person, draw, day, leisure_hours), Channel::web, Act::visited,
                         draw.chance(0.8) ? Topic::study_choice : Topic::housing, 1 + draw.poisson(2.0)});
    }
    ask_questions(person, first, last, 0.07, false);
    if (!applies) {
        role(person, Role::prospect, true, morning(last), true);
        return;
    }

    const Seconds applied_at = own_time(person, path, applied, leisure_hours);
    own_act(person, {applied_at, Channel::portal, Act::submitted, Topic::admission});
    role(person, Role::prospect, true, applied_at, true);
    role(person, Role::applicant, false, applied_at, true);
    enrolment(person, Status::applied, applied_at);
    const Seconds opened_at = office_time(path, applied + 2);
    obligation(person, Duty::intake_appointment, intake, DutyStep::opened,
               clock_.utc(amsterdam, applied + 32, 17 * hour), opened_at);
    send(person, path, opened_at + 60, Channel::email, Topic::admission, Purpose::service, Action::intake_invitation);
    const bool has_intake = path.chance(0.85);
    const Seconds intake_at = office_time(path, applied + path.between(7, 28));
    own_act(person, {intake_at, Channel::event, has_intake ? Act::attended : Act::absent, Topic::admission});
    if (has_intake) {
        obligation(person, Duty::intake_appointment, intake, DutyStep::fulfilled, std::nullopt, intake_at + 1'800);
    }
    ask_questions(person, applied, day_number(intake, 9, 1), 0.12, false);
    const Seconds start_at = morning(day_number(intake, 9, 1));
    const bool is_admitted = has_intake ? path.chance(0.95) : path.chance(0.6);
    const Seconds admitted_at = std::min(office_time(path, applied + path.between(20, 45)), start_at - 5 * day_length);
    if (!is_admitted) {
        enrolment(person, Status::withdrawn, admitted_at);
        role(person, Role::applicant, true, admitted_at, true);
        return;
    }
    enrolment(person, Status::admitted, admitted_at);
    obligation(person, Duty::diploma_copy, intake, DutyStep::opened,
               clock_.utc(amsterdam, day_number(intake, 8, 31), 17 * hour), admitted_at + 30);
    if (path.chance(0.5)) {
        send(person, path, office_time(path, day_number(intake, 8, 18)), Channel::email, Topic::admission,
             Purpose::service, Action::deadline_reminder);
    }
    if (!path.chance(0.88)) {
        const Seconds considered = path.between(2, 60) * day_length;
        const Seconds left_at = std::min(admitted_at + considered, start_at - path.between(1, 72) * hour);
        enrolment(person, Status::withdrawn, left_at);
        role(person, Role::applicant, true, left_at, true);
        return;
    }
    if (path.chance(0.9)) {
        const Seconds handed_in = std::min(admitted_at + path.between(1, 60) * day_length, start_at - 2 * hour);
        own_act(person, {handed_in, Channel::portal, Act::submitted, Topic::admission});
        obligation(person, Duty::diploma_copy, intake, DutyStep::fulfilled, std::nullopt, handed_in + 600);
    }
    role(person, Role::applicant, true, start_at, true);
    live_as_student(person);
}

// -- Students -----------------------------------------------------------------------------------------------------

int College::portal_sessions(const Person& person, int day, double factor) const {
    constexpr std::array<double, 7> by_weekday{0.21, 0.23, 0.22, 0.20, 0.15, 0.06, 0.12};
    double rate = by_weekday[static_cast<std::size_t>(weekday_of(day))] * person.activity * factor;
    switch (kind(day)) {
        case DayKind::teaching:
            break;
        case DayKind::exam:
            rate *= 1.5;
            break;
        case DayKind::pause:
            rate *= 0.25;
            break;
        case DayKind::summer:
            rate *= 0.06;
            break;
        case DayKind::holiday:
            rate *= 0.15;
            break;
    }
    return stream(person, Draw::portal, static_cast<std::uint64_t>(day)).poisson(rate);
}

/// Learning platform, assignments and the community over [first, end), days. Who leaves uses them less and less over
/// the last six weeks.
void College::use_portal(Person& person, int first, int end, int end_of_study, bool leaves) {
    constexpr std::array<int, 22> topics{0, 0, 1, 0, 24, 10, 5, 1, 1, 6, 48, 1, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0};
    for (int day = std::max(first, start_day_); day < std::min(end, end_day_); ++day) {
        double factor = 1.0;
        if (leaves && end_of_study - day < 42) factor = static_cast<double>(end_of_study - day) / 42.0;
        Stream draw = stream(person, Draw::rhythm, static_cast<std::uint64_t>(day));
        for (int sessions = portal_sessions(person, day, factor); sessions > 0; --sessions) {
            const auto topic = static_cast<Topic>(draw.pick(topics));
            own_act(person, {own_time(person, draw, day, study_hours), Channel::portal, Act::clicked, topic,
                             1 + draw.poisson(5.0)});
        }
        const bool is_teaching = kind(day) == DayKind::teaching;
        if (is_teaching && draw.chance(0.045 * factor)) {
            own_act(person, {own_time(person, draw, day, study_hours), Channel::portal, Act::submitted,
                             Topic::course_materials});
        }
        if (draw.chance(is_teaching ? 0.004 : 0.001)) {
            own_act(person, {own_time(person, draw, day, leisure_hours), Channel::social, Act::posted,
                             Topic::course_materials});
        }
        if (draw.chance(0.0006)) {
            Contact mention;
            mention.at = own_time(person, draw, day, leisure_hours);
            mention.channel = Channel::social;
            mention.act = Act::mentioned;
            mention.topic = draw.chance(0.5) ? Topic::facilities : Topic::timetable;
            mention.language = person.language;
            mention.tone = draw.chance(0.4) ? Tone::complaint : Tone::neutral;
            add(person, mention);
        }
    }
}

/// Examinations of one academic year: attendance, results, resits, credits.
Credits College::take_assessments(Person& person, int academic_year, int year_of_study, int end_of_study) {
    constexpr int credits_each = 5;
    constexpr int enough = 50;
    const int halfway = day_number(academic_year + 1, 2, 14);
    Credits credits;
    Stream draw = stream(person, Draw::results, static_cast<std::uint64_t>(academic_year));
    for (std::size_t period = 0; period < exam_last_weeks.size(); ++period) {
        const int friday = exam_end(academic_year, period);
        for (int part = 0; part < 3; ++part) {
            const int exam_place = draw.below(10);  // over the ten working days of two weeks
            const int exam_day = friday - exam_place / 5 * 7 - exam_place % 5;
            const int result_day = friday + draw.between(6, 16);
            const bool is_absent = draw.chance(0.03 + 0.03 * (person.difficulty > 0.0 ? person.difficulty : 0.0));
            const double score = 0.68 - 0.07 * person.difficulty + 0.13 * draw.gaussian();
            const double resit_score = score + 0.06 + 0.1 * draw.gaussian();
            const bool takes_resit = (is_absent || score < 0.55) && draw.chance(0.9);
            const int resit_day = result_day + draw.between(21, 35);
            if (exam_day >= end_of_study) continue;
            own_act(person, {clock_.utc(amsterdam, exam_day, (9 + part * 2) * hour), Channel::event,
                             is_absent ? Act::absent : Act::attended, Topic::examination});
            const auto result = [&](int day, double fraction) {
                const Seconds at = office_time(draw, day);
                if (day >= end_of_study || !is_in_period(at)) return;
                std::string rest{programme_names[person.programme]};
                rest += "_y";
                put_number(rest, year_of_study);
                rest += "_p";
                put_number(rest, static_cast<int>(period) + 1);
                rest += '_';
                rest += static_cast<char>('a' + part);
                rest += ',';
                put_decimal(rest, std::clamp(fraction, 0.0, 1.0), 2);
                rest += ',';
                clock_.put_utc(rest, at);
                results_.push_back({at, person.index, std::move(rest)});
            };
            int passed_day = result_day;
            if (!is_absent) result(result_day, score);
            if (takes_resit) {
                passed_day = resit_day;
                result(resit_day, resit_score);
            }
            if (passed_day >= end_of_study) continue;
            if (is_absent ? !takes_resit : (score < 0.55 && !takes_resit)) continue;
            if (takes_resit && resit_score < 0.55) continue;
            credits.total += credits_each;
            if (passed_day < halfway) credits.halfway += credits_each;
            if (credits.total >= enough && !credits.enough_day) credits.enough_day = passed_day;
        }
    }
    return credits;
}

/// The yearly fee. The first one that falls wholly in the period is the experiment on payment_reminder.
void College::pay_tuition(Person& person, int academic_year, int end_of_study) {
    Stream draw = stream(person, Draw::fee, static_cast<std::uint64_t>(academic_year));
    const Seconds opened_at = office_time(draw, day_number(academic_year, 9, 1));
    const int due_day = day_number(academic_year, 9, 30);
    const Seconds due = clock_.utc(amsterdam, due_day, 23 * hour + 59 * minute + 59);
    const double logit = 1.2 - 0.4 * person.difficulty - 0.8 * person.forgetfulness;
    const double p0 = logistic(logit);
    const double threshold = draw.unit();
    obligation(person, Duty::tuition_fee, academic_year, DutyStep::opened, due, opened_at);
    bool is_on_time = threshold < p0;
    if (!person.fee && opened_at >= start_ && due < end_ && end_of_study > due_day) {
        const double p1 = logistic(logit + 0.4 + 0.7 * (person.forgetfulness > 0.0 ? person.forgetfulness : 0.0));
        person.fee = Experiment{draw.chance(0.5), 0.5, p0, p1, threshold < p0, threshold < p1};
        is_on_time = person.fee->outcome();
        if (person.fee->is_assigned) {
            send(person, draw, office_time(draw, working_day(due_day - 12)), message_channel(person), Topic::finance,
                 Purpose::service, Action::payment_reminder);
        }
    }
    if (is_on_time) {
        const int day = due_day - draw.below(9);
        obligation(person, Duty::tuition_fee, academic_year, DutyStep::fulfilled, std::nullopt,
                   std::min(own_time(person, draw, day, leisure_hours), due - 60));
        return;
    }
    const double fate = draw.unit();
    send(person, draw, office_time(draw, due_day + 14), Channel::letter, Topic::finance, Purpose::service,
         Action::payment_letter);
    const int late_day = due_day + 3 + static_cast<int>(draw.gamma(1.3) * 25.0);
    if (fate < 0.9) {
        obligation(person, Duty::tuition_fee, academic_year, DutyStep::fulfilled, std::nullopt,
                   own_time(person, draw, late_day, leisure_hours));
    } else if (fate < 0.93) {
        obligation(person, Duty::tuition_fee, academic_year, DutyStep::waived, std::nullopt,
                   office_time(draw, late_day + 30));
    }
}

/// Whether a first-year student withdraws after the first hundred days; fills the experiment where its whole course
/// lies in the period, and the calls that were made.
bool College::coach(Person& person, std::vector<Contact>& calls) {
    const int first = day_number(person.cohort, 9, 1);
    const double logit = -1.35 + 0.75 * person.difficulty;
    const double p0 = logistic(logit);
    Stream draw = stream(person, Draw::coaching);
    const double threshold = draw.unit();
    const bool has_objected =
        person.guidance_objection.from > 1 && person.guidance_objection.from < morning(first + 80);
    if (first < start_day_ || first + 300 >= end_day_ || has_objected) return threshold < p0;

    int active_days = 0;
    const int teaching = teaching_start(person.cohort);
    for (int day = teaching; day < teaching + 28; ++day) {
        if (portal_sessions(person, day, 1.0) > 0) ++active_days;
    }
    const double propensity = std::clamp(0.8 - 0.08 * static_cast<double>(active_days), 0.2, 0.8);
    const bool is_assigned = draw.chance(propensity);
    bool is_reached = false;
    int day = first + draw.between(32, 45);
    for (int attempt = 0; attempt < 3 && !is_reached; ++attempt) {
        is_reached = call(person, draw, office_time(draw, day), Topic::study_progress, Purpose::study_guidance,
                          Action::coaching_call, calls);
        day += draw.between(2, 8);
    }
    const double above = person.difficulty + 0.5;
    const double effect = 0.25 + 0.45 * (above > 0.0 ? above : 0.0);
    const double p1 = is_reached ? logistic(logit - effect) : p0;
    person.coaching = Experiment{is_assigned, propensity, p0, p1, threshold < p0, threshold < p1};
    if (!is_assigned) calls.clear();
    return person.coaching->outcome();
}

void College::live_as_student(Person& person) {
    constexpr int never = 100'000'000;
    const int cohort = person.cohort;
    const int entry = day_number(cohort, 9, 1);
    const Seconds entry_at = morning(entry);
    if (entry >= end_day_) return;
    students_.push_back(person.index);
    role(person, Role::student, false, entry_at, true);
    enrolment(person, Status::enrolled, entry_at);
    Stream draw = stream(person, Draw::progress);

    if (draw.chance(0.025)) {
        const Seconds at = entry_at + draw.between(10, 600) * day_length;
        person.guidance_objection = {at, far_future};
        consent(person, Purpose::study_guidance, std::nullopt, Decision::objected, at);
        if (draw.chance(0.3)) {
            person.guidance_objection.until = at + draw.between(30, 200) * day_length;
            consent(person, Purpose::study_guidance, std::nullopt, Decision::objection_withdrawn,
                    person.guidance_objection.until);
        }
    }
    if (draw.chance(0.01)) {
        const Seconds at = entry_at + draw.between(100, 600) * day_length;
        person.progress_objection = {at, far_future};
        consent(person, Purpose::study_progress, std::nullopt, Decision::objected, at);
    }

    int end_of_study = never;
    std::optional<Status> end_status;
    int interrupted_from = never;
    int interrupted_until = never;
    std::vector<Contact> calls;
    for (int year = std::max(cohort, academic_year_of(start_day_)); day_number(year, 9, 1) < end_day_; ++year) {
        const int first = day_number(year, 9, 1);
        const int next = day_number(year + 1, 9, 1);
        const int year_of_study = year - cohort + 1;
        Stream fate = stream(person, Draw::progress, static_cast<std::uint64_t>(year));
        if (year_of_study == 1) {
            if (fate.chance(0.02)) {  // leaves at once; no coaching could have been in time
                end_of_study = first + fate.between(10, 28);
                end_status = Status::withdrawn;
            } else if (coach(person, calls)) {
                end_of_study = first + fate.between(100, 290);
                end_status = Status::withdrawn;
            }
            for (const Contact& contact : calls) add(person, contact);
        } else if (fate.chance(logistic(-3.3 + 0.5 * person.difficulty))) {
            end_of_study = first + fate.between(40, 330);
            end_status = Status::withdrawn;
        } else if (interrupted_from == never && fate.chance(0.015)) {
            interrupted_from = day_number(year + 1, 2, 1);
            interrupted_until = next;
            enrolment(person, Status::interrupted, morning(interrupted_from));
            enrolment(person, Status::enrolled, morning(interrupted_until));
        }
        const int active_end = std::min(end_of_study, interrupted_from < next ? interrupted_from : never);
        pay_tuition(person, year, end_of_study);
        const Credits credits = take_assessments(person, year, year_of_study, active_end);
        if (year_of_study == 1) {
            const Seconds due = clock_.utc(amsterdam, day_number(year + 1, 8, 31), 23 * hour + 59 * minute + 59);
            obligation(person, Duty::bsa_credits, year, DutyStep::opened, due, morning(first) + 60);
            const Seconds warned_at = office_time(fate, day_number(year + 1, 2, 16));
            if (credits.halfway < 15 && warned_at < morning(std::min(end_of_study, end_day_)) &&
                !person.progress_objection.contains(warned_at)) {
                send(person, fate, warned_at, Channel::letter, Topic::study_progress, Purpose::study_progress,
                     Action::bsa_warning);
            }
            if (credits.enough_day) {
                obligation(person, Duty::bsa_credits, year, DutyStep::fulfilled, std::nullopt,
                           office_time(fate, *credits.enough_day));
            } else if (!end_status) {
                if (fate.chance(0.15)) {
                    obligation(person, Duty::bsa_credits, year, DutyStep::waived, std::nullopt,
                               office_time(fate, day_number(year + 1, 7, 10)));
                } else {
                    end_of_study = day_number(year + 1, 7, 17) + fate.below(20);
                    end_status = Status::failed;
                }
            }
        } else if (year_of_study >= 4 && !end_status && active_end == never && fate.chance(0.8)) {
            end_of_study = day_number(year + 1, 7, 6) + fate.below(10);
            end_status = Status::passed;
        }
        const int until = std::min({next, end_of_study, interrupted_from < next ? interrupted_from : never});
        use_portal(person, first, until, end_of_study, end_status == Status::withdrawn);
        ask_questions(person, first, until, 0.06 + 0.015 * (person.difficulty > 0.0 ? person.difficulty : 0.0), true);

        Stream mail = stream(person, Draw::campaign, static_cast<std::uint64_t>(year));
        for (const int day : mailing_days_) {
            if (day < first || day >= until) continue;
            const int month = Day::from_unix_days(day).month();
            const Seconds at = clock_.utc(amsterdam, day, 10 * hour + mail.below(2 * 3'600));
            if (month == 7 || month == 8 || person.guidance_objection.contains(at)) continue;
            send(person, mail, at, Channel::email, Topic::study_progress, Purpose::study_guidance, Action::newsletter);
        }
        for (std::size_t period = 0; period < exam_last_weeks.size(); ++period) {
            const int day = working_day(exam_end(year, period) - 22);
            const Seconds at = at_hour(mail, day, leisure_hours, amsterdam);
            if (day >= until || person.progress_objection.contains(at)) continue;
            send(person, mail, at, message_channel(person), Topic::examination, Purpose::study_progress,
                 Action::exam_reminder);
        }
        for (const int fair : {on_or_after(day_number(year, 10, 8), 3), on_or_after(day_number(year + 1, 3, 8), 3)}) {
            const Seconds at = office_time(mail, fair - 12);
            if (year_of_study < 2 || fair >= until || person.guidance_objection.contains(at)) continue;
            send(person, mail, at, Channel::email, Topic::internship, Purpose::study_guidance,
                 Action::internship_fair_invitation);
            if (!mail.chance(0.3)) continue;
            own_act(person, {clock_.utc(amsterdam, fair, 13 * hour + mail.below(2 * 3'600)), Channel::event,
                             mail.chance(0.85) ? Act::attended : Act::absent, Topic::internship});
        }
        if (end_status) break;
    }

    const int last = std::min(end_of_study, end_day_);
    if (draw.chance(0.04)) {  // a student assistant
        const int from = std::max(entry, start_day_) + draw.between(30, 300);
        const int to = std::min(from + 180, end_of_study);
        if (from < last && from < to) {
            role(person, Role::staff, false, morning(from), false);
            if (to < end_day_) role(person, Role::staff, true, morning(to), false);
        }
    }
    if (end_status && end_of_study < end_day_) {
        const Seconds at = morning(end_of_study) + draw.below(6 * 3'600);
        enrolment(person, *end_status, at);
        role(person, Role::student, true, at, true);
        if (end_status == Status::passed) {
            role(person, Role::alumnus, false, at, true);
            person.alumni_relations = ask_consent(person, Purpose::alumni_relations, at + hour, 0.75, 0.06);
            live_as_alumnus(person, end_of_study + 1);
        }
    }
}

// -- Everybody else -----------------------------------------------------------------------------------------------

void College::live_as_alumnus(Person& person, int first_day) {
    Stream draw = stream(person, Draw::alumni);
    for (const int day : mailing_days_) {
        const int month = Day::from_unix_days(day).month();
        const Seconds at = clock_.utc(amsterdam, day, 11 * hour + draw.below(3'600));
        if (day < first_day || month % 3 != 1 || !person.alumni_relations.contains(at)) continue;
        send(person, draw, at, Channel::email, Topic::alumni_event, Purpose::alumni_relations,
             Action::alumni_newsletter);
        if (draw.chance(0.08)) {
            own_act(person, {own_time(person, draw, day + 20, leisure_hours), Channel::event, Act::attended,
                             Topic::alumni_event});
        }
    }
    for (int day = std::max(first_day, start_day_); day < end_day_; ++day) {
        if (!draw.chance(0.008)) continue;
        own_act(person, {own_time(person, draw, day, leisure_hours), Channel::web, Act::visited, Topic::alumni_event,
                         1 + draw.poisson(1.5)});
    }
    ask_questions(person, first_day, end_day_, 0.015, false);

    // Gifts: one campaign by phone, in the first November that lies wholly in the period with December.
    Stream gift = stream(person, Draw::gift);
    const double logit = -2.2 + 0.8 * person.affinity;
    for (int year = Day::from_unix_days(start_day_).year(); day_number(year, 12, 31) < end_day_; ++year) {
        const int november = day_number(year, 11, 1);
        const Seconds first_call = office_time(gift, november + gift.between(2, 12));
        if (november < start_day_ || november < first_day || !person.alumni_relations.contains(first_call)) continue;
        const double threshold = gift.unit();
        const bool is_assigned = gift.chance(0.5);
        std::vector<Contact> calls;
        bool is_reached =
            call(person, gift, first_call, Topic::donation, Purpose::alumni_relations, Action::alumni_call, calls);
        const Seconds second_call = office_time(gift, day_of(first_call) + gift.between(3, 9));
        if (!is_reached && person.alumni_relations.contains(second_call)) {
            is_reached =
                call(person, gift, second_call, Topic::donation, Purpose::alumni_relations, Action::alumni_call, calls);
        }
        const double p0 = logistic(logit);
        const double p1 = is_reached ? logistic(logit + 0.5 + 0.4 * person.affinity) : p0;
        person.gift = Experiment{is_assigned, 0.5, p0, p1, threshold < p0, threshold < p1};
        if (is_assigned) {
            for (const Contact& contact : calls) add(person, contact);
        }
        if (person.gift->outcome()) {
            own_act(person, {own_time(person, gift, november + gift.between(24, 58), leisure_hours), Channel::web,
                             Act::donated, Topic::donation});
        }
        break;
    }
}

/// Contact people of employers and partners.
void College::live_as_contact(Person& person, Role kind_of_role) {
    Stream draw = stream(person, Draw::work);
    const int first = start_day_ - draw.below(2'000);
    role(person, kind_of_role, false, morning(working_day(first)), false);
    person.partnerships = ask_consent(person, Purpose::research_partnerships, morning(working_day(first)) + hour,
                                      kind_of_role == Role::partner ? 0.9 : 0.7, 0.08);
    for (const int day : mailing_days_) {
        const Seconds at = clock_.utc(amsterdam, day, 9 * hour + draw.below(2 * 3'600));
        if (Day::from_unix_days(day).month() % 2 == 0 || !person.partnerships.contains(at)) continue;
        send(person, draw, at, Channel::email, Topic::research_project, Purpose::research_partnerships,
             Action::partner_update);
    }
    for (int day = start_day_; day < end_day_; ++day) {
        if (!is_working_day(day) || !draw.chance(0.03)) continue;
        const Topic topic = kind_of_role == Role::partner ? Topic::research_project : Topic::internship;
        const Seconds at = office_time(draw, day);
        if (draw.chance(0.3)) {
            own_act(person, {at, Channel::event, Act::attended, topic});
        } else if (draw.chance(0.5)) {
            const Channel channel = draw.chance(0.7) ? Channel::email : Channel::phone;
            open_dialogue(person, draw, at, topic, Tone::question, channel);
        } else {
            own_act(person, {at, Channel::web, Act::visited, topic, 1 + draw.poisson(1.0)});
        }
    }
}

void College::live_as_guardian(Person& person) {
    Stream draw = stream(person, Draw::relation);
    int first = start_day_ + draw.below(200);
    if (!minors_.empty()) {
        const std::uint32_t ward = minors_[static_cast<std::size_t>(draw.below(static_cast<int>(minors_.size())))];
        const Person& child = people_[ward - 1];
        first = std::max(start_day_, child.first_day + draw.between(1, 20));
        relation(person, Relation::guardian_of, ward, std::nullopt, morning(first));
    }
    if (first >= end_day_) first = end_day_ - 1;
    role(person, Role::guardian, false, morning(first), false);
    if (draw.chance(0.2)) {  // studied here once
        role(person, Role::alumnus, false,
             morning(day_number(Day::from_unix_days(start_day_).year() - draw.between(18, 25), 7, 10)), true);
    }
    const int end = std::min(end_day_, first + 365);
    for (int day = first; day < end; ++day) {
        if (!draw.chance(0.02)) continue;
        const bool is_event = draw.chance(0.15);
        own_act(person,
                {own_time(person, draw, day, leisure_hours), is_event ? Channel::event : Channel::web,
                 is_event ? Act::attended : Act::visited, draw.chance(0.6) ? Topic::study_choice : Topic::finance});
    }
    ask_questions(person, first, end, 0.05, false);
}

void College::live_as_staff(Person& person) {
    Stream draw = stream(person, Draw::work);
    const int first = start_day_ - 30 - draw.below(4'000);
    role(person, Role::staff, false, morning(working_day(first)), false);
    int last = end_day_;
    if (draw.chance(0.1)) {
        last = start_day_ + draw.below(end_day_ - start_day_);
        role(person, Role::staff, true, morning(last), false);
    }
    for (int day = start_day_; day < last; ++day) {
        if (!is_working_day(day) || kind(day) == DayKind::summer || !draw.chance(0.2)) continue;
        own_act(person, {office_time(draw, day), Channel::portal, Act::clicked, Topic::course_materials,
                         1 + draw.poisson(3.0)});
    }
    if (draw.chance(0.12)) {  // studies beside the work
        person.cohort = academic_year_of(start_day_);
        if (day_number(person.cohort, 9, 1) < start_day_) ++person.cohort;
        live_as_student(person);
    }
}

// -- Profiles -----------------------------------------------------------------------------------------------------

void College::make_profile(Person& person) {
    constexpr std::array<int, 7> arcs{400, 360, 90, 50, 40, 15, 45};
    constexpr std::array<int, 4> cohorts{16, 9, 8, 7};
    constexpr std::array<int, 8> programmes{18, 14, 17, 12, 11, 12, 9, 7};
    constexpr std::array<int, 8> zones_abroad{20, 8, 15, 20, 8, 10, 10, 9};
    constexpr std::array<Language, 8> languages_abroad{Language::de, Language::uk, Language::tr, Language::en,
                                                       Language::en, Language::en, Language::en, Language::nl};
    constexpr std::array<int, 7> languages{810, 45, 35, 45, 18, 27, 20};
    constexpr std::array<int, 10> entry_ages{25, 30, 18, 10, 6, 4, 3, 2, 1, 1};
    constexpr std::array<int, 12> provinces{3, 5, 3, 22, 2, 4, 14, 10, 12, 18, 1, 9};

    Stream draw = stream(person, Draw::profile);
    const int first_year = academic_year_of(start_day_);
    const int last_year = academic_year_of(end_day_ - 1);
    person.arc = static_cast<Arc>(draw.pick(arcs));
    person.programme = draw.pick(programmes);
    person.site = static_cast<std::size_t>(draw.chance(0.35) ? 1 : 0);
    person.cohort = person.arc == Arc::prospect ? draw.between(first_year + 1, last_year + 1)
                                                : first_year - static_cast<int>(draw.pick(cohorts));

    const double international = person.arc == Arc::prospect ? 0.12 : person.arc == Arc::student ? 0.08 : 0.03;
    const bool is_international = draw.chance(international);
    person.language = static_cast<Language>(draw.pick(languages));
    person.zone = amsterdam;
    if (is_international) {
        const std::size_t abroad = draw.pick(zones_abroad);
        person.language = languages_abroad[abroad];
        if (person.arc != Arc::student) person.own_zone = abroad + 1;
        person.zone = person.own_zone;
    }
    const bool prefers_english = is_international || draw.chance(0.5);
    switch (*person.language) {
        case Language::nl:
            person.message_language = Language::nl;
            break;
        case Language::en:
            person.message_language = Language::en;
            break;
        case Language::de:
            person.message_language = Language::de;
            break;
        case Language::tr:
        case Language::uk:
        case Language::ar:
        case Language::pl:
            person.message_language = prefers_english ? Language::en : Language::nl;
            break;
    }
    if (draw.chance(0.015)) {
        person.language.reset();
        person.message_language = Language::nl;
    }
    if (draw.chance(0.02)) person.zone.reset();

    const int entry_age = 17 + static_cast<int>(draw.pick(entry_ages));
    const bool is_young = person.arc == Arc::student || person.arc == Arc::prospect;
    person.birth_year =
        is_young ? person.cohort - entry_age : first_year - draw.between(person.arc == Arc::guardian ? 40 : 26, 60);
    person.region = is_international && person.arc != Arc::student ? "abroad" : province_names[draw.pick(provinces)];
    if (is_young) {
        constexpr std::array<int, 4> schools{45, 12, 38, 5};
        constexpr std::array<std::string_view, 4> names{"havo", "vwo", "mbo", ""};
        person.prior_education = is_international ? "foreign" : names[draw.pick(schools)];
    }

    Stream latent = stream(person, Draw::latent);
    person.difficulty = latent.gaussian();
    person.interest = latent.gaussian();
    person.forgetfulness = latent.gaussian();
    person.affinity = latent.gaussian();
    person.activity = exponential(0.35 * latent.gaussian() - 0.35 * person.difficulty);
    person.clock_shift = latent.between(-2, 2);
    for (double& preference : person.preference) preference = 0.6 * latent.gaussian();
    constexpr std::array<int, 4> favourites{4, 3, 3, 2};
    person.preference[latent.pick(favourites)] += 1.0;

    if (person.arc == Arc::prospect) {
        constexpr std::array<int, 4> seasons{35, 30, 20, 15};
        const std::size_t season = draw.pick(seasons);
        const std::array<int, 3> open_days{day_number(person.cohort - 1, 11, 12), day_number(person.cohort, 1, 21),
                                           day_number(person.cohort, 3, 11)};
        const int earliest = day_number(person.cohort - 1, 10, 1);
        person.first_day =
            season < 3 ? open_days[season] - 8 + static_cast<int>(14.0 * draw.gaussian()) : earliest + draw.below(210);
        person.first_day = std::max(person.first_day, earliest);
    } else {
        person.first_day = day_number(person.cohort, 9, 1);
    }
    if (is_young && Day::from_unix_days(person.first_day).year() - person.birth_year < 18)
        minors_.push_back(person.index);
}

void College::live(Person& person) {
    switch (person.arc) {
        case Arc::student: {
            Stream draw = stream(person, Draw::prospect);
            const int cohort = person.cohort;
            const Seconds first = morning(day_number(cohort - 1, 11, 1) + draw.below(100));
            const Seconds applied = morning(day_number(cohort, 3, 1) + draw.below(60));
            const Seconds start = morning(day_number(cohort, 9, 1));
            role(person, Role::prospect, false, first, true);
            role(person, Role::prospect, true, applied, true);
            role(person, Role::applicant, false, applied, true);
            enrolment(person, Status::applied, applied);
            enrolment(person, Status::admitted, applied + 30 * day_length);
            role(person, Role::applicant, true, start, true);
            live_as_student(person);
            break;
        }
        case Arc::prospect:
            live_as_prospect(person);
            break;
        case Arc::alumnus: {
            Stream draw = stream(person, Draw::consent, 99);
            const int year = Day::from_unix_days(start_day_).year() - draw.below(20);
            const Seconds since = std::min(morning(day_number(year, 7, 10)), start_ - day_length);
            role(person, Role::alumnus, false, since, true);
            person.alumni_relations =
                ask_consent(person, Purpose::alumni_relations, std::max(since, start_ - 900 * day_length), 0.78, 0.06);
            if (draw.chance(0.08)) {
                role(person, Role::employer_contact, false, morning(start_day_ + draw.below(end_day_ - start_day_)),
                     false);
            }
            live_as_alumnus(person, start_day_);
            break;
        }
        case Arc::guardian:
            live_as_guardian(person);
            break;
        case Arc::employer_contact:
            live_as_contact(person, Role::employer_contact);
            break;
        case Arc::partner:
            live_as_contact(person, Role::partner);
            break;
        case Arc::staff:
            live_as_staff(person);
            break;
    }
}

// -- The whole ----------------------------------------------------------------------------------------------------

/// First day of the period: the same date `years` earlier.
int start_of_period(const Options& options) {
    const Day end = options.end_exclusive;
    const int year = end.year() - options.years;
    const int day = Day::is_date(year, end.month(), end.day_of_month()) ? end.day_of_month() : 28;
    return day_number(year, end.month(), day);
}

College::College(const Options& options)
    : seed_{options.seed},
      start_day_{start_of_period(options)},
      end_day_{options.end_exclusive.unix_days()},
      start_{clock_.utc(amsterdam, start_day_, 0)},
      end_{clock_.utc(amsterdam, end_day_, 0)},
      kinds_first_{start_day_ - 400},
      people_(options.people),
      organisations_{20 + options.people / 50} {
    for (int day = kinds_first_; day < end_day_ + 400; ++day) kinds_.push_back(kind_of_day(day));
    for (int day = start_day_; day < end_day_; ++day) {
        const int day_of_month = Day::from_unix_days(day).day_of_month();
        if (weekday_of(day) == 1 && day_of_month >= 9 && day_of_month <= 15) mailing_days_.push_back(day);
    }
    interactions_.reserve(people_.size() * 60 * static_cast<std::size_t>(options.years));
    for (std::size_t i = 0; i < people_.size(); ++i) {
        people_[i].index = static_cast<std::uint32_t>(i + 1);
        make_profile(people_[i]);
    }
    for (Person& person : people_) live(person);
}

/// Kind of an organisation by its number, from 0: every kind occurs, employers most.
std::size_t kind_of_organisation(std::size_t number) {
    constexpr std::array<std::size_t, 10> kinds{0, 1, 2, 3, 0, 0, 4, 0, 5, 3};
    return kinds[number % kinds.size()];
}

void put_experiment(std::string& out, const std::optional<Experiment>& experiment) {
    if (!experiment) {
        out += ",,,,,,,";
        return;
    }
    out += experiment->is_assigned ? ",1," : ",0,";
    put_decimal(out, experiment->propensity, 2);
    out += ',';
    put_decimal(out, experiment->p1 - experiment->p0, 6);
    out += ',';
    put_decimal(out, experiment->p0, 6);
    out += ',';
    put_decimal(out, experiment->p1, 6);
    out += experiment->y0 ? ",1" : ",0";
    out += experiment->y1 ? ",1" : ",0";
}

Counts College::write(const std::filesystem::path& out_dir) {
    // Relations need everybody's story first.
    for (const Person& person : people_) {
        Stream draw = stream(person, Draw::relation, 1);
        const auto some_student = [&]() -> std::optional<std::uint32_t> {
            if (students_.empty()) return std::nullopt;
            const std::uint32_t other =
                students_[static_cast<std::size_t>(draw.below(static_cast<int>(students_.size())))];
            return other == person.index ? std::nullopt : std::optional{other};
        };
        const auto some_day = [&] { return morning(working_day(start_day_ + draw.below(end_day_ - start_day_))); };
        if (person.arc == Arc::employer_contact || person.arc == Arc::partner) {
            auto number = static_cast<std::size_t>(draw.below(static_cast<int>(organisations_)));
            while ((kind_of_organisation(number) == 0) != (person.arc == Arc::employer_contact)) {
                number = (number + 1) % organisations_;
            }
            relation(person, Relation::works_at, std::nullopt, number,
                     morning(start_day_) - draw.below(1'000) * day_length);
        }
        const int pupils = person.arc == Arc::staff ? 3 : person.arc == Arc::employer_contact ? draw.below(3) : 0;
        for (int i = 0; i < pupils; ++i) {
            const Relation kind = person.arc == Arc::staff ? Relation::mentor_of : Relation::supervisor_of;
            if (const auto other = some_student()) relation(person, kind, other, std::nullopt, some_day());
        }
        if (person.arc == Arc::student && draw.chance(0.02)) {
            if (const auto other = some_student())
                relation(person, Relation::sibling_of, other, std::nullopt, some_day());
        }
    }

    std::error_code failure;
    std::filesystem::create_directories(out_dir, failure);
    if (failure) throw alloquy::Error{"sample_institution: cannot make the output folder: " + failure.message()};

    Counts counts{};
    std::size_t file = 0;
    const auto finish = [&](Writer& writer, std::uint64_t late = 0) {
        counts[file] = writer.finish(out_dir / file_names[file], late);
        ++file;
    };
    const auto write_lines = [&](std::string_view header, char prefix, std::vector<Line>& lines,
                                 std::span<const std::string_view> broken) {
        std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
            return std::tie(a.at, a.person) < std::tie(b.at, b.person);
        });
        Writer writer{header, prefix, lines.size(), broken};
        for (const Line& line : lines) {
            writer.add([&](std::string& out) {
                put_person(out, line.person);
                out += ',';
                out += line.rest;
            });
        }
        finish(writer);
    };

    Writer people{"id,person,email,language,zone,birth_year,region,prior_education,site", 'p', people_.size(),
                  broken_people};
    for (const Person& person : people_) {
        people.add([&](std::string& out) {
            put_person(out, person.index);
            out += ",p";
            put_number(out, person.index, 6);
            out += "@example.org,";
            put_optional(out, language_names, person.language);
            out += ',';
            if (person.zone) out += zones[*person.zone].name;
            out += ',';
            put_number(out, person.birth_year);
            out += ',';
            out += person.region;
            out += ',';
            out += person.prior_education;
            out += ',';
            out += site_names[person.site];
        });
    }
    finish(people);
    write_lines("id,person,kind,programme,site,change,at", 'r', roles_, broken_roles);
    write_lines("id,person,purpose,channel,decision,text_version,at", 'c', consents_, broken_consents);

    // Files of a real system stand in order of arrival.
    std::sort(interactions_.begin(), interactions_.end(), [](const Contact& a, const Contact& b) {
        return std::tie(a.known_at, a.person, a.sequence) < std::tie(b.known_at, b.person, b.sequence);
    });
    Writer interactions{
        "id,person,at,known_at,channel,act,direction,topic,language,actor,team,dialogue,purpose,action,quantity,tone,"
        "text",
        'i', interactions_.size(), broken_interactions};
    std::uint64_t late = 0;
    for (const Contact& contact : interactions_) {
        if (contact.known_at != contact.at) ++late;
        interactions.add([&](std::string& out) {
            put_person(out, contact.person);
            out += ',';
            clock_.put_local(out, contact.at);
            out += ',';
            clock_.put_local(out, contact.known_at);
            out += ',';
            out += text_of(channel_names, contact.channel);
            out += ',';
            out += text_of(act_names, contact.act);
            out += ',';
            out += text_of(direction_names, contact.direction);
            out += ',';
            put_optional(out, topic_names, contact.topic);
            out += ',';
            put_optional(out, language_names, contact.language);
            out += ',';
            out += text_of(actor_names, contact.actor);
            out += ',';
            put_optional(out, team_names, contact.team);
            out += ',';
            if (contact.dialogue != 0) put_number(out, contact.dialogue);
            out += ',';
            put_optional(out, purpose_names, contact.purpose);
            out += ',';
            put_optional(out, action_names, contact.action);
            out += ',';
            put_number(out, contact.quantity);
            out += ',';
            put_optional(out, tone_names, contact.tone);
            out += ',';
            put_field(out, contact.text);
        });
    }
    finish(interactions, late);

    write_lines("id,person,dialogue,step,team,topic,tone,at", 'd', dialogues_, broken_dialogues);
    write_lines("id,person,kind,other_person,organisation,at", 'l', relations_, broken_relations);

    std::string organisations = "id,kind,name\r\n";
    for (std::size_t i = 0; i < organisations_; ++i) {
        const std::size_t kind = kind_of_organisation(i);
        organisations += "org-";
        put_number(organisations, static_cast<std::int64_t>(i) + 1, 5);
        organisations += ',';
        organisations += organisation_kind_names[kind];
        organisations += ',';
        organisations += organisation_labels[kind];
        organisations += ' ';
        put_number(organisations, static_cast<std::int64_t>(i) + 1, 5);
        organisations += "\r\n";
    }
    write_text(out_dir / file_names[file], organisations);
    counts[file++] = FileCount{organisations_, 0, 0, 0};

    write_lines("id,person,programme,status,at", 'e', enrolments_, broken_enrolments);
    write_lines("id,person,assessment,fraction,at", 's', results_, broken_results);
    write_lines("id,person,kind,item,step,due,at", 'o', obligations_, broken_obligations);

    std::string truth = "id,person,difficulty,interest,forgetfulness,affinity";
    for (const std::string_view name : {"coaching_call", "open_day_invitation", "payment_reminder", "alumni_call"}) {
        for (const std::string_view column : {"assigned", "propensity", "effect", "p0", "p1", "y0", "y1"}) {
            truth += ',';
            truth += name;
            truth += '_';
            truth += column;
        }
    }
    truth += "\r\n";
    for (const Person& person : people_) {
        truth += 't';
        put_number(truth, person.index, 7);
        truth += ',';
        put_person(truth, person.index);
        for (const double latent : {person.difficulty, person.interest, person.forgetfulness, person.affinity}) {
            truth += ',';
            put_decimal(truth, latent, 4);
        }
        put_experiment(truth, person.coaching);
        put_experiment(truth, person.invitation);
        put_experiment(truth, person.fee);
        put_experiment(truth, person.gift);
        truth += "\r\n";
    }
    write_text(out_dir / file_names[file], truth);
    counts[file] = FileCount{people_.size(), 0, 0, 0};
    return counts;
}

void check(bool is_met, const char* name, const char* range, const std::string& value) {
    if (!is_met)
        throw alloquy::InvalidArgument{std::string{"sample: "} + name + " must be in " + range + ", got " + value};
}

}  // namespace

Counts generate(const Options& options, const std::filesystem::path& out_dir) {
    check(options.people >= 1 && options.people <= 999'999, "people", "[1, 999999]", std::to_string(options.people));
    check(options.years >= 1 && options.years <= 10, "years", "[1, 10]", std::to_string(options.years));
    check(options.end_exclusive >= Day::from_ymd(2001, 1, 1) && options.end_exclusive <= Day::from_ymd(2090, 12, 31),
          "end_exclusive", "[2001-01-01, 2090-12-31]", to_iso(options.end_exclusive));
    return College{options}.write(out_dir);
}

}  // namespace sample

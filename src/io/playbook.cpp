#include <alloquy/io/playbook.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <alloquy/decide/action.hpp>
#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/fields.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/score/urgency.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/segment_config.hpp>
#include <alloquy/segment/segments.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/range.hpp>

#include "policy_names.hpp"
#include "positioned_json.hpp"
#include "segment_condition.hpp"
#include "text_file.hpp"

namespace alloquy::io {

namespace {

constexpr double ms_per_day = 86'400'000;
constexpr double max_days = 36'525;  // a hundred years
constexpr double one_ms = 1 / ms_per_day;
constexpr NumberRange not_negative{0, std::numeric_limits<double>::max()};
constexpr NumberRange weight_range{0, score::Engagement::max_weight};
/// A condition lies in the playbook, its list and its entry.
constexpr std::size_t max_json_depth = condition_json_depth + 3;
/// As segment::PackedTurn can number; a test holds the two to each other.
constexpr std::size_t most_segments = 4096;
constexpr std::int64_t most_rows = std::numeric_limits<std::uint32_t>::max();

/// Channels and topics with a column of their own; the others share one.
constexpr std::size_t own_channel_columns = score::Engagement::channel_slots - 1;
constexpr std::size_t own_topic_columns = score::Engagement::topic_slots - 1;
constexpr std::string_view shared_column = "other";

constexpr std::string_view attribute_prefix = "attribute:";
constexpr std::string_view active_prefix = "active:";
constexpr std::string_view expected_prefix = "expected:";
constexpr std::string_view model_prefix = "model:";
/// How the names begin under which a journal keeps fitted lifecycles beside models.
constexpr std::string_view kept_lifecycle_prefix = "lifecycle:";
/// How the names begin that the engine gives to columns beside the fixed ones; see engine::Column.
constexpr std::array<std::string_view, 7> column_prefixes{"engagement:",   "channel:",       "topic:",    active_prefix,
                                                          expected_prefix, attribute_prefix, model_prefix};

// Of a model, however it learns: what OnlineLogistic takes.
constexpr double least_penalty = 1e-9;
constexpr double penalty_end = 1e9;
constexpr double least_prior = 1e-9;
constexpr double most_prior = 1 - 1e-9;

[[nodiscard]] time::Duration from_days(double days) {
    return time::Duration{static_cast<std::int64_t>(std::llround(days * ms_per_day))};
}
[[nodiscard]] double to_days(time::Duration duration) {
    return static_cast<double>(duration.count()) / ms_per_day;
}

/// Names of things: not empty, short enough for a symbol, none twice.
class NameList {
public:
    explicit NameList(std::string_view kind) : kind_{kind} {}

    /// Takes a name with the cursor that it stands at.
    /// \return  Whether it can stand there.
    bool add(const Cursor& at, const std::string& name) {
        return at.is_string() && is_name(at, name) && add_once(at, name);
    }
    /// The same for a text that may be longer.
    bool add_once(const Cursor& at, const std::string& name) {
        const auto [first, is_new] = places_.emplace(name, at.pointer());
        if (!is_new) {
            at.problem("expected each " + kind_ + " once, got a second \"" + name + "\"; the first stands at " +
                       first->second);
        }
        return is_new;
    }
    /// Whether the text can be a name; if not, that is a problem of the value.
    static bool is_name(const Cursor& at, std::string_view name) {
        if (!name.empty() && name.size() <= model::max_symbol_bytes) return true;
        at.problem("expected a name of 1 to " + std::to_string(model::max_symbol_bytes) + " bytes, got " +
                   std::to_string(name.size()));
        return false;
    }

private:
    std::string kind_;
    std::map<std::string, std::string> places_;
};

/// Whether a text can be an IANA name: parts of letters, digits, '_', '-' and '+', joined by '/'.
[[nodiscard]] bool is_zone_name(std::string_view name) {
    bool at_start = true;  // of a part
    for (const char c : name) {
        const bool is_alphanumeric = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const bool may_follow = c == '/' || c == '_' || c == '-' || c == '+';
        if (!is_alphanumeric && (at_start || !may_follow)) return false;
        at_start = c == '/';
    }
    return !at_start && name.size() <= model::max_symbol_bytes;
}

class PlaybookReader {
public:
    explicit PlaybookReader(Checker& checker) : checker_{&checker} {}

    engine::Playbook read(Cursor root) {
        engine::Playbook playbook;
        playbook.name = root.string("name");
        playbook.channels = names(root.array("channels"), "channel", score::max_channels, own_channel_columns);
        playbook.topics = names(root.optional_array("topics"), "topic", score::max_topics, own_topic_columns);
        channels_ = playbook.channels;
        topics_ = playbook.topics;
        read_engagement(root.optional_object("engagement"), playbook.engagement);
        read_reachability(root.optional_object("reachability"), playbook.reachability);
        contact_channels_ = playbook.reachability.channels;
        read_lifecycles(root.optional_array("lifecycles"), playbook.lifecycles);
        read_urgency(root.optional_object("urgency"), playbook.urgency);
        playbook.columns = host_columns(root.optional_array("columns"));
        name_columns(playbook);
        read_models(root, playbook.models);
        read_actions(root, playbook.actions);
        read_outcome_actions(playbook);
        playbook.zone = root.string_or("zone", playbook.zone);
        if (root.optional_member("zone").is_string() && !is_zone_name(playbook.zone)) {
            root.problem("zone", "expected the IANA name of a time zone, such as \"Europe/Amsterdam\"");
        }
        read_academic_years(root.optional_array("academic_years"), playbook.academic_years);
        read_segments(root.optional_array("segments"), playbook);
        root.finish();
        return playbook;
    }

private:
    /// \param own_columns  So many of the first names have a column of their own.
    [[nodiscard]] static std::vector<std::string> names(Cursor list, std::string_view kind, std::size_t most,
                                                        std::size_t own_columns) {
        std::vector<std::string> result;
        if (!list.is_there()) return result;
        NameList seen{kind};
        for (const Cursor& element : list) {
            std::string name = element.as_string();
            seen.add(element, name);
            if (name == shared_column && result.size() < own_columns) {
                element.problem("expected another name among the first " + std::to_string(own_columns) +
                                ": \"other\" is what the column of the remaining ones is called");
            }
            result.push_back(std::move(name));
        }
        if (result.size() > most) {
            list.problem("expected at most " + std::to_string(most) + " names, got " + std::to_string(result.size()));
        }
        return result;
    }

    /// The key of a map must be one of the names that the playbook has.
    static void check_key(const Cursor& member, const std::string& key, std::string_view kind,
                          std::span<const std::string> known) {
        if (std::find(known.begin(), known.end(), key) != known.end()) return;
        const std::vector<std::string_view> candidates(known.begin(), known.end());
        std::string message = "expected the name of a " + std::string{kind} + " as key, got \"" + key + '"';
        if (const auto nearest = nearest_name(key, candidates)) {
            message += "; did you mean \"" + std::string{*nearest} + "\"?";
        }
        member.problem(std::move(message));
    }
    [[nodiscard]] static std::map<std::string, double> weights(Cursor object, std::string_view kind,
                                                               std::span<const std::string> known) {
        std::map<std::string, double> result;
        for (auto& [name, value] : object.members()) {
            check_key(value, name, kind, known);
            result.emplace(name, value.as_number(weight_range));
        }
        return result;
    }
    template <class Enum>
    [[nodiscard]] static std::vector<std::string> enum_names() {
        return {model::EnumNames<Enum>::values.begin(), model::EnumNames<Enum>::values.end()};
    }
    /// The enumerator that is named, or the fallback where the key is missing; nothing where no enumerator is named.
    template <class Enum>
    [[nodiscard]] static std::optional<Enum> enumerator_or(Cursor& object, std::string_view key, Enum fallback) {
        if (!object.has(key)) return fallback;
        const auto at = object.optional_member(key).as_reference("", enum_names<Enum>());
        return at ? std::optional{static_cast<Enum>(*at)} : std::nullopt;
    }
    /// A number between two others, neither of which it may be; the fallback where it is missing.
    [[nodiscard]] static double number_between(Cursor& object, std::string_view key, double fallback, double above,
                                               double below, std::string_view expected) {
        const double number = object.number_or(key, fallback, finite);
        if (!(number > above && number < below)) object.problem(key, "expected " + std::string{expected});
        return number;
    }
    /// Names that stand elsewhere in the playbook, each once; empty where the list is missing.
    [[nodiscard]] static std::vector<std::string> references(const Cursor& list, std::string_view kind,
                                                             std::span<const std::string> known) {
        std::vector<std::string> result;
        if (!list.is_there()) return result;
        NameList seen{kind};
        for (const Cursor& element : list) {
            const auto at = element.as_reference(kind, known);
            if (!at) continue;
            seen.add_once(element, known[*at]);
            result.push_back(known[*at]);
        }
        return result;
    }
    /// Enumerators, each once.
    template <class Enum>
    [[nodiscard]] static std::vector<Enum> enumerators(const Cursor& list, std::string_view kind) {
        std::vector<Enum> result;
        if (!list.is_there()) return result;
        const std::vector<std::string> known = enum_names<Enum>();
        if (list.size() == 0) list.problem("expected at least one " + std::string{kind});
        NameList seen{kind};
        for (const Cursor& element : list) {
            const auto at = element.as_reference("", known);
            if (!at) continue;
            seen.add_once(element, known[*at]);
            result.push_back(static_cast<Enum>(*at));
        }
        return result;
    }
    [[nodiscard]] static model::RoleSet role_set(const Cursor& list) {
        model::RoleSet roles;
        if (!list.is_there()) return roles;
        if (list.size() == 0) list.problem("expected at least one role");
        for (const Cursor& role : list) {
            if (const auto at = role.as_reference("role", enum_names<model::RoleKind>())) {
                roles.insert(static_cast<model::RoleKind>(*at));
            }
        }
        return roles;
    }
    [[nodiscard]] static std::vector<std::string> programmes(Cursor& entry) {
        std::vector<std::string> result;
        for (std::string& programme : entry.optional_strings("programmes")) {
            if (programme.empty() || programme.size() > model::max_symbol_bytes) {
                entry.problem("programmes", "expected names of 1 to 255 bytes");
            } else {
                result.push_back(std::move(programme));
            }
        }
        return result;
    }
    /// A key that another value of the object makes pointless.
    static void refuse(Cursor& object, std::string_view key, std::string_view reason) {
        if (object.has(key)) {
            object.problem(key, "expected no " + std::string{key} + ": " + std::string{reason});
        }
    }

    /// Weights of enumerators; those that are not named weigh 0.
    template <class Enum>
    [[nodiscard]] static std::array<double, model::enum_size<Enum>> enumerator_weights(Cursor object) {
        std::array<double, model::enum_size<Enum>> result{};
        for (std::size_t i = 0; i < result.size(); ++i) {
            result[i] = object.number_or(model::EnumNames<Enum>::values[i], 0, weight_range);
        }
        object.finish();
        return result;
    }
    static void read_engagement(Cursor object, const std::vector<std::string>& channels,
                                const std::vector<std::string>& topics, score::EngagementConfig& config) {
        if (Cursor list = object.optional_array("half_lives"); list.is_there()) {
            config.half_lives.clear();
            NameList seen{"half-life"};
            double shares = 0;
            for (Cursor entry : list) {
                score::HalfLife half_life{};
                half_life.name = entry.string("name");
                seen.add(entry.optional_member("name"), half_life.name);
                half_life.days = entry.number("days", {1, 3650});
                half_life.share = entry.number("share", {0, 1});
                half_life.scale = entry.number("scale", not_negative);
                if (entry.has("share") && !(half_life.share > 0)) entry.problem("share", "expected a share above 0");
                if (entry.has("scale") && !(half_life.scale > 0 && half_life.scale < 1e12)) {
                    entry.problem("scale", "expected a number above 0 and below 1e12");
                }
                entry.finish();
                shares += half_life.share;
                config.half_lives.push_back(std::move(half_life));
            }
            if (config.half_lives.empty() || config.half_lives.size() > score::Engagement::max_half_lives) {
                list.problem("expected 1 to 3 half-lives, got " + std::to_string(config.half_lives.size()));
            }
            if (shares > 1 + 1e-9) list.problem("expected shares that add up to at most 1");
        }
        config.channels = weights(object.optional_object("channels"), "channel", channels);
        config.other_channels = object.number_or("other_channels", config.other_channels, weight_range);
        if (Cursor acts = object.optional_object("acts"); acts.is_there()) {
            config.acts = enumerator_weights<model::Act>(std::move(acts));
        }
        if (Cursor directions = object.optional_object("directions"); directions.is_there()) {
            config.directions = enumerator_weights<model::Direction>(std::move(directions));
        }
        config.topics = weights(object.optional_object("topics"), "topic", topics);
        config.other_topics = object.number_or("other_topics", config.other_topics, weight_range);
        object.finish();
    }
    void read_engagement(Cursor object, score::EngagementConfig& config) const {
        if (object.is_there()) read_engagement(std::move(object), channels_, topics_, config);
    }

    void read_reachability(Cursor object, score::ReachabilityConfig& config) const {
        if (!object.is_there()) return;
        if (Cursor list = object.optional_array("channels"); list.is_there()) {
            NameList seen{"contact channel"};
            for (const Cursor& element : list) {
                if (!element.as_reference("channel", channels_)) continue;
                config.channels.push_back(element.as_string());
                seen.add(element, config.channels.back());
            }
            if (config.channels.size() > score::Reachability::max_contact_channels) {
                list.problem("expected at most 8 contact channels, got " + std::to_string(config.channels.size()));
            }
        }
        if (const auto window = object.optional_number("response_window_days", {1.0 / 1440, 366})) {
            config.response_window =
                std::max(std::chrono::round<std::chrono::minutes>(from_days(*window)), std::chrono::minutes{1});
        }
        Cursor priors = object.optional_object("priors");
        for (auto& [channel, value] : priors.members()) {
            check_key(value, channel, "contact channel", config.channels);
            score::ResponsePrior prior;
            prior.responses = value.number("responses", not_negative);
            prior.silences = value.number("silences", not_negative);
            for (const auto& [key, count] : {std::pair{"responses", prior.responses}, {"silences", prior.silences}}) {
                if (value.has(key) && !(count > 0 && count < 1e6)) {
                    value.problem(key, "expected a number above 0 and below 1000000");
                }
            }
            value.finish();
            config.priors.emplace(channel, prior);
        }
        config.hour_prior =
            number_between(object, "hour_prior", config.hour_prior, 0, 1e6, "a number above 0 and below 1000000");
        object.finish();
    }

    void read_lifecycles(const Cursor& list, std::vector<score::LifecycleConfig>& lifecycles) const {
        if (!list.is_there()) return;
        NameList seen{"lifecycle"};
        for (Cursor entry : list) lifecycles.push_back(read_lifecycle(entry, seen));
        if (lifecycles.size() > score::Lifecycle::max_lifecycles) {
            list.problem("expected at most 4 lifecycles, got " + std::to_string(lifecycles.size()));
        }
    }
    [[nodiscard]] score::LifecycleConfig read_lifecycle(Cursor& entry, NameList& seen) const {
        score::LifecycleConfig lifecycle;
        lifecycle.name = entry.string("name");
        seen.add(entry.optional_member("name"), lifecycle.name);
        const auto model = enumerator_or(entry, "model", lifecycle.model);
        lifecycle.model = model.value_or(lifecycle.model);
        lifecycle.acts = enumerators<model::Act>(entry.array("acts"), "act");
        lifecycle.channels = references(entry.optional_array("channels"), "channel", channels_);
        lifecycle.topics = references(entry.optional_array("topics"), "topic", topics_);
        if (model == score::LifecycleModel::bg_bb) refuse(entry, "unit_days", "bg_bb counts by years");
        if (model == score::LifecycleModel::bg_nbd) refuse(entry, "year_starts_in", "bg_nbd counts by unit_days");
        lifecycle.unit_days = entry.number_or("unit_days", lifecycle.unit_days, {1, 366});
        lifecycle.year_starts_in =
            static_cast<int>(entry.integer_or("year_starts_in", lifecycle.year_starts_in, {1, 12}));
        lifecycle.penalty = entry.number_or("penalty", lifecycle.penalty, {0, 1e6});
        lifecycle.horizon = entry.number_or("horizon", lifecycle.horizon, {0, 1000});
        if (!(lifecycle.horizon > 0)) entry.problem("horizon", "expected a number above 0");
        if (model == score::LifecycleModel::bg_bb && lifecycle.horizon != std::trunc(lifecycle.horizon)) {
            entry.problem("horizon", "expected whole years for bg_bb");
        }
        entry.finish();
        return lifecycle;
    }

    static void read_urgency(Cursor object, score::UrgencyConfig& config) {
        if (!object.is_there()) return;
        if (Cursor other = object.optional_object("other"); other.is_there()) config.other = urgency_rule(other);
        Cursor kinds = object.optional_object("kinds");
        for (auto& [kind, value] : kinds.members()) {
            NameList::is_name(value, kind);
            config.kinds.emplace(kind, urgency_rule(value));
        }
        object.finish();
    }
    [[nodiscard]] static score::UrgencyRule urgency_rule(Cursor& object) {
        score::UrgencyRule rule;
        rule.weight = object.number_or("weight", rule.weight, {0, 1});
        if (!(rule.weight > 0)) object.problem("weight", "expected a weight above 0");
        rule.half_life_days = object.number_or("half_life_days", rule.half_life_days, {0, 3650});
        if (!(rule.half_life_days > 0)) object.problem("half_life_days", "expected a number of days above 0");
        rule.grace_days = object.number_or("grace_days", rule.grace_days, {0, 3650});
        object.finish();
        return rule;
    }

    [[nodiscard]] static std::vector<std::string> host_columns(const Cursor& list) {
        std::vector<std::string> result;
        if (!list.is_there()) return result;
        NameList seen{"column"};
        for (const Cursor& element : list) {
            std::string name = element.as_string();
            seen.add(element, name);
            const auto is_taken = [&](const auto& names) {
                return std::find(names.begin(), names.end(), name) != names.end();
            };
            if (is_taken(engine::column_names) || is_taken(engine::text_inputs)) {
                element.problem("expected a name of your own, got \"" + name + "\", which the engine fills itself");
            }
            for (const std::string_view prefix : column_prefixes) {
                if (!name.starts_with(prefix)) continue;
                element.problem("expected a name that does not begin with \"" + std::string{prefix} +
                                "\": such columns the engine fills itself");
            }
            result.push_back(std::move(name));
        }
        return result;
    }
    /// The columns but those of models, which come later, and the inputs that models may read.
    void name_columns(const engine::Playbook& playbook) {
        columns_.assign(engine::column_names.begin(), engine::column_names.end());
        const auto add = [&](std::string_view prefix, const std::string& name) {
            if (!name.empty()) columns_.push_back(std::string{prefix} + name);
        };
        for (const score::HalfLife& half_life : playbook.engagement.half_lives) add("engagement:", half_life.name);
        const auto add_shares = [&](const char* prefix, const std::vector<std::string>& names, std::size_t own) {
            for (std::size_t i = 0; i < std::min(names.size(), own); ++i) add(prefix, names[i]);
            add(prefix, std::string{shared_column});
        };
        add_shares("channel:", channels_, own_channel_columns);
        add_shares("topic:", topics_, own_topic_columns);
        inputs_ = columns_;
        inputs_.insert(inputs_.end(), text_inputs_.begin(), text_inputs_.end());
        for (const score::LifecycleConfig& lifecycle : playbook.lifecycles) {
            add(active_prefix, lifecycle.name);
            add(expected_prefix, lifecycle.name);
        }
        for (const std::string& name : playbook.columns) add("", name);
        host_columns_ = playbook.columns;
    }
    /// A column or input, or "" where the text names none.
    /// \param known  All but attributes, which nobody lists.
    [[nodiscard]] std::string column_name(const Cursor& value, std::string_view kind,
                                          std::span<const std::string> known) const {
        if (value.is_string()) {
            std::string name = value.as_string();
            if (name.starts_with(attribute_prefix)) {
                const std::string_view attribute = std::string_view{name}.substr(attribute_prefix.size());
                if (!NameList::is_name(value, attribute)) return {};
                if (attribute == model::language_attribute || attribute == model::zone_attribute) {
                    value.problem("expected another attribute: this one is the text input \"" + std::string{attribute} +
                                  '"');
                    return {};
                }
                return name;
            }
            if (is_in_shared_column(name, "channel:", channels_, own_channel_columns) ||
                is_in_shared_column(name, "topic:", topics_, own_topic_columns)) {
                const std::string prefix = name.substr(0, name.find(':') + 1);
                value.problem("expected the name of a " + std::string{kind} + ", got the text \"" + name +
                              "\", which is part of \"" + prefix + std::string{shared_column} + '"');
                return {};
            }
        }
        const auto at = value.as_reference(kind, known);
        return at ? known[*at] : std::string{};
    }
    [[nodiscard]] static bool is_in_shared_column(std::string_view name, std::string_view prefix,
                                                  const std::vector<std::string>& names, std::size_t own) {
        return name.starts_with(prefix) && names.size() > own &&
               std::find(names.begin() + static_cast<std::ptrdiff_t>(own), names.end(), name.substr(prefix.size())) !=
                   names.end();
    }

    void read_models(Cursor& root, std::vector<score::ModelConfig>& models) {
        NameList seen{"model"};
        for (Cursor& entry : optional_list(root, "models")) {
            outcome_actions_.emplace_back(std::nullopt);
            models.push_back(read_model(entry, seen));
        }
        for (const score::ModelConfig& model : models) {
            if (!model.name.empty()) columns_.push_back(std::string{model_prefix} + model.name);
        }
    }
    [[nodiscard]] score::ModelConfig read_model(Cursor& entry, NameList& seen) {
        score::ModelConfig model;
        model.name = entry.string("name");
        seen.add(entry.optional_member("name"), model.name);
        if (model.name.starts_with(kept_lifecycle_prefix)) {
            entry.problem("name", "expected a name that does not begin with \"" + std::string{kept_lifecycle_prefix} +
                                      "\": so fitted lifecycles are called where they are kept");
        }
        if (Cursor outcome = entry.optional_object("outcome"); outcome.is_there()) read_outcome(outcome, model.outcome);
        if (const Cursor roles = entry.optional_array("roles"); roles.is_there()) model.roles = role_set(roles);
        if (const Cursor features = entry.array("features"); features.is_there()) {
            if (features.size() == 0) features.problem("expected at least one feature");
            FeatureNames names;
            for (Cursor feature : features) model.features.push_back(read_feature(feature, names));
        }
        const auto learning = enumerator_or(entry, "learning", model.learning);
        model.learning = learning.value_or(model.learning);
        if (entry.has("group")) model.group = column_name(entry.optional_member("group"), "text input", text_inputs_);
        model.penalty = entry.number_or("penalty", model.penalty, finite);
        if (!(model.penalty >= least_penalty && model.penalty < penalty_end)) {
            entry.problem("penalty", "expected a number from 1e-9 on and below 1e9");
        }
        if (learning == score::Learning::bulk) refuse(entry, "half_life", "only online learning forgets");
        model.half_life = entry.number_or("half_life", model.half_life, {0, 1e12});
        if (model.half_life > 0 && model.half_life < 1) {
            entry.problem("half_life", "expected 0 or a number of examples from 1 on");
        }
        const auto calibration = enumerator_or(entry, "calibration", model.calibration);
        model.calibration = calibration.value_or(model.calibration);
        if (learning == score::Learning::online) {
            if (calibration && *calibration != score::CalibrationKind::none) {
                refuse(entry, "calibration", "only models that learn in bulk are calibrated");
            }
            refuse(entry, "folds", "only models that learn in bulk are calibrated");
        }
        model.folds = static_cast<std::uint32_t>(entry.integer_or("folds", model.folds, {2, 100}));
        model.least_rows = static_cast<std::uint32_t>(entry.integer_or("least_rows", model.least_rows, {2, most_rows}));
        model.prior = entry.number_or("prior", model.prior, finite);
        if (!(model.prior >= least_prior && model.prior <= most_prior)) {
            entry.problem("prior", "expected a probability from 1e-9 to 1 - 1e-9");
        }
        entry.finish();
        return model;
    }
    void read_outcome(Cursor& object, score::OutcomeConfig& outcome) {
        const auto kind = enumerator_or(object, "kind", outcome.kind);
        outcome.kind = kind.value_or(outcome.kind);
        outcome.programmes = programmes(object);
        if (kind == score::OutcomeKind::response) {
            for (const std::string_view key : {"positive", "negative"}) {
                refuse(object, key, "a response is an answer or none");
            }
        } else if (kind == score::OutcomeKind::enrolment) {
            for (const std::string_view key : {"channels", "actions"}) {
                refuse(object, key, "an enrolment is no contact");
            }
        }
        const Cursor positive = object.optional_array("positive");
        const Cursor negative = object.optional_array("negative");
        const Cursor channels = object.optional_array("channels");
        Cursor actions = object.optional_array("actions");
        if (kind == score::OutcomeKind::response) {
            outcome.channels = references(channels, "contact channel", contact_channels_);
            outcome_actions_.back() = std::move(actions);
        } else if (kind == score::OutcomeKind::enrolment) {
            if (positive.is_there()) outcome.positive = enumerators<model::EnrolmentStatus>(positive, "status");
            if (negative.is_there()) outcome.negative = enumerators<model::EnrolmentStatus>(negative, "status");
            for (const model::EnrolmentStatus status : outcome.negative) {
                if (std::find(outcome.positive.begin(), outcome.positive.end(), status) == outcome.positive.end()) {
                    continue;
                }
                const std::string message = "expected no status that is both positive and negative, got \"" +
                                            std::string{model::name_of(status)} + '"';
                if (!negative.is_there()) {
                    positive.problem(message + ", which is negative by default");
                } else {
                    negative.problem(message + (positive.is_there() ? "" : ", which is positive by default"));
                }
            }
        }
        object.finish();
    }
    /// The actions of outcomes, once the playbook's actions are known.
    void read_outcome_actions(engine::Playbook& playbook) const {
        std::vector<std::string> known;
        for (const decide::Action& action : playbook.actions.actions) known.push_back(action.name);
        for (std::size_t i = 0; i < outcome_actions_.size(); ++i) {
            if (!outcome_actions_[i]) continue;
            playbook.models[i].outcome.actions = references(*outcome_actions_[i], "declared action", known);
        }
    }

    /// What the features of one model have named so far.
    struct FeatureNames {
        NameList seen{"feature"};
        std::vector<std::string> to_cross{};    // all but crosses
        std::map<std::string, bool> is_text{};  // by attribute, how it is read
    };
    [[nodiscard]] score::FeatureConfig read_feature(Cursor& entry, FeatureNames& names) const {
        using enum score::Encoding;
        score::FeatureConfig feature;
        const auto encoding = enumerator_or(entry, "encoding", feature.encoding);
        feature.encoding = encoding.value_or(feature.encoding);
        const bool is_cross = encoding == cross;
        const auto is_one_of = [&](std::initializer_list<score::Encoding> some) {
            return !encoding || std::find(some.begin(), some.end(), *encoding) != some.end();
        };
        if (is_cross || entry.has("name")) {
            feature.name = entry.string("name");
            names.seen.add(entry.optional_member("name"), feature.name);
        }
        feature.reason = entry.string_or("reason", "");
        if (is_cross) {
            refuse(entry, "input", "a cross takes the features of \"of\"");
            if (const Cursor of = entry.array("of"); of.is_there()) feature.of = crossed_features(of, names);
        } else {
            const Cursor input = entry.member("input");
            const std::string name = entry.has("name") ? feature.name : input.is_string() ? input.as_string() : "";
            if (!entry.has("name") && !name.empty()) names.seen.add_once(input, name);
            if (!name.empty()) names.to_cross.push_back(name);
            if (encoding) {
                feature.input = read_input(input, feature.encoding, names);
                check_special_category(input, entry, feature);
                refuse(entry, "of", "only a cross has it");
            } else {
                static_cast<void>(entry.optional_array("of"));
            }
        }
        if (!is_one_of({bins, steps})) {
            refuse(entry, "edges", "only bins and steps have them");
            refuse(entry, "quantiles", "only bins and steps have them");
        }
        if (const Cursor edges = entry.optional_array("edges"); edges.is_there()) {
            for (const Cursor& edge : edges) {
                const double number = edge.as_number(finite);
                if (!feature.edges.empty() && !(feature.edges.back() < number)) {
                    edge.problem("expected an edge above the one before");
                }
                feature.edges.push_back(number);
            }
            if (!feature.edges.empty()) refuse(entry, "quantiles", "the edges are given");
        }
        feature.quantiles = static_cast<std::uint32_t>(entry.integer_or("quantiles", feature.quantiles, {2, 100}));
        feature.monotone = enumerator_or(entry, "monotone", feature.monotone).value_or(feature.monotone);
        if (!is_one_of({linear, log, steps}) && feature.monotone != score::Monotone::free) {
            refuse(entry, "monotone", "only linear, log and steps can rise or fall");
        }
        if (!is_one_of({levels, cross})) refuse(entry, "least_rows", "only levels and crosses can be rare");
        feature.least_rows =
            static_cast<std::uint32_t>(entry.integer_or("least_rows", feature.least_rows, {0, most_rows}));
        entry.finish();
        return feature;
    }
    [[nodiscard]] static std::vector<std::string> crossed_features(const Cursor& list, const FeatureNames& names) {
        std::vector<std::string> result;
        if (list.size() != 2) {
            list.problem("expected the names of two features, got " + std::to_string(list.size()));
            return result;
        }
        for (const Cursor& element : list) {
            const auto at = element.as_reference("feature before this one that is no cross", names.to_cross);
            if (!at) continue;
            if (!result.empty() && result.front() == names.to_cross[*at]) {
                element.problem("expected two different features");
            }
            result.push_back(names.to_cross[*at]);
        }
        return result;
    }
    /// The input of a feature that is no cross; "" where it is none.
    [[nodiscard]] std::string read_input(const Cursor& value, score::Encoding encoding, FeatureNames& names) const {
        if (value.is_string() && refuse_without_history(value, value.as_string())) return {};
        std::string input = column_name(value, "column or text input", inputs_);
        if (input.empty()) return input;
        const bool is_read_as_text = encoding == score::Encoding::levels;
        if (input.starts_with(attribute_prefix)) {
            const auto known = names.is_text.emplace(input, is_read_as_text).first;
            if (known->second != is_read_as_text) {
                value.problem("expected one reading of \"" + input + "\" in a model, got it as text and as number");
            }
            return input;
        }
        const bool is_text = std::find(text_inputs_.begin(), text_inputs_.end(), input) != text_inputs_.end();
        if (is_read_as_text && !is_text) {
            value.problem("expected a text for levels, got \"" + input + "\", which is a number");
        } else if (!is_read_as_text && is_text) {
            value.problem("expected a number, got \"" + input + "\", which is a text, for levels alone");
        }
        return input;
    }
    /// What is known of now alone, nobody can see from the instants that a model learns from.
    [[nodiscard]] bool refuse_without_history(const Cursor& value, std::string_view name) const {
        if (name.starts_with(model_prefix)) {
            value.problem("expected no model: models do not read each other");
        } else if (name.starts_with(active_prefix) || name.starts_with(expected_prefix)) {
            value.problem("expected no lifecycle, got \"" + std::string{name} +
                          "\": its column has no history to learn from");
        } else if (std::find(host_columns_.begin(), host_columns_.end(), name) != host_columns_.end()) {
            value.problem("expected no column of the host, got \"" + std::string{name} +
                          "\": it has no history to learn from");
        } else {
            return false;
        }
        return true;
    }
    static void check_special_category(const Cursor& value, Cursor& entry, const score::FeatureConfig& feature) {
        std::string_view attribute = feature.input;
        if (attribute.starts_with(attribute_prefix)) attribute.remove_prefix(attribute_prefix.size());
        if (!score::is_special_category(attribute) || !feature.reason.empty()) return;
        if (entry.has("reason") && !entry.optional_member("reason").is_string()) return;  // told already
        value.problem("expected a \"reason\" beside a special category of personal data (GDPR, article 9)");
    }

    void read_actions(Cursor& root, decide::ActionPolicy& policy) {
        NameList seen_purposes{"purpose"};
        for (Cursor& entry : optional_list(root, "purposes")) {
            const std::string name = entry.string("name");
            seen_purposes.add(entry.optional_member("name"), name);
            const auto bases = named_values<model::LegalBasis>();
            policy.purposes.push_back({name, entry.enumeration<model::LegalBasis>("legal_basis", std::span{bases})});
            purposes_.push_back(name);
            entry.finish();
        }
        NameList seen_pools{"pool"};
        for (Cursor& entry : optional_list(root, "pools")) {
            const std::string name = entry.string("name");
            seen_pools.add(entry.optional_member("name"), name);
            policy.pools.push_back({name, entry.number("minutes", not_negative)});
            pools_.push_back(name);
            entry.finish();
        }
        NameList seen_caps{"contact cap"};
        for (Cursor& entry : optional_list(root, "contact_caps")) {
            decide::ContactCap cap;
            cap.name = entry.string("name");
            seen_caps.add(entry.optional_member("name"), cap.name);
            if (const auto at = entry.optional_reference("channel", "channel", channels_)) cap.channel = channels_[*at];
            if (const auto at = entry.optional_reference("purpose", "purpose", purposes_)) cap.purpose = purposes_[*at];
            cap.most = static_cast<std::uint32_t>(entry.integer("most", {0, 1'000'000}));
            cap.window = from_days(entry.number("window_days", {one_ms, max_days}));
            entry.finish();
            policy.caps.push_back(std::move(cap));
        }
        NameList seen_actions{"action"};
        for (Cursor& entry : optional_list(root, "actions")) {
            policy.actions.push_back(read_action(entry, seen_actions));
        }
    }
    /// The elements of an array that may be missing.
    [[nodiscard]] static std::vector<Cursor> optional_list(Cursor& object, std::string_view key) {
        std::vector<Cursor> result;
        const Cursor list = object.optional_array(key);
        if (!list.is_there()) return result;
        for (Cursor element : list) result.push_back(std::move(element));
        return result;
    }

    [[nodiscard]] decide::Action read_action(Cursor& entry, NameList& seen) const {
        decide::Action action;
        action.name = entry.string("name");
        seen.add(entry.optional_member("name"), action.name);
        if (const auto at = entry.reference("purpose", "purpose", purposes_)) action.purpose = purposes_[*at];
        action.roles = role_set(entry.array("roles"));
        action.programmes = programmes(entry);
        for (Cursor& condition : optional_list(entry, "conditions")) {
            decide::ColumnRange range;
            range.column = column_name(condition.member("column"), "column", columns_);
            range.from = condition.optional_number("from", finite);
            range.below = condition.optional_number("below", finite);
            if (!condition.has("from") && !condition.has("below")) {
                condition.problem("expected the key \"from\" or \"below\" or both, got neither");
            } else if (range.from && range.below && !(*range.from < *range.below)) {
                condition.problem("below", "expected a number above \"from\", or nobody meets the condition");
            }
            condition.finish();
            action.conditions.push_back(std::move(range));
        }
        action.value = read_value(entry);
        action.propensity = entry.number_or("propensity", action.propensity, {0, 1});
        action.lever = entry.number_or("lever", action.lever, not_negative);
        if (const auto gap = entry.optional_number("gap_days", {one_ms, max_days})) action.gap = from_days(*gap);
        const Cursor variants = entry.array("variants");
        if (variants.is_array() && variants.size() == 0) variants.problem("expected at least one variant");
        if (variants.is_there()) {
            for (Cursor variant : variants) action.variants.push_back(read_variant(variant));
        }
        entry.finish();
        return action;
    }
    [[nodiscard]] decide::ValueCurve read_value(Cursor& entry) const {
        decide::ValueCurve curve{{}, {{0, 0}}};
        Cursor value = entry.member("value_euros");
        if (!value.is_there()) return curve;
        if (!value.is_object()) {
            curve.points[0].euros = value.is_number() ? value.as_number(not_negative) : 0;
            if (!value.is_number()) value.problem("expected a number of euros, or an object with column and points");
            return curve;
        }
        curve.column = column_name(value.member("column"), "column", columns_);
        curve.points.clear();
        const Cursor points = value.array("points");
        if (points.is_array() && points.size() == 0) points.problem("expected at least one point");
        if (points.is_there()) {
            for (const Cursor& pair : points) {
                if (!pair.is_array() || pair.size() != 2) {
                    pair.problem("expected a pair [value of the column, euros]");
                    continue;
                }
                std::vector<Cursor> numbers;
                for (Cursor number : pair) numbers.push_back(std::move(number));
                const decide::ValueCurve::Point point{numbers[0].as_number(finite), numbers[1].as_number(not_negative)};
                if (!curve.points.empty() && !(curve.points.back().at < point.at)) {
                    numbers[0].problem("expected a value above that of the point before");
                }
                curve.points.push_back(point);
            }
        }
        value.finish();
        return curve;
    }
    [[nodiscard]] decide::Variant read_variant(Cursor& entry) const {
        decide::Variant variant;
        if (const auto at = entry.reference("channel", "channel", channels_)) variant.channel = channels_[*at];
        variant.language = entry.string("language");
        if (entry.optional_member("language").is_string() && !is_language_tag(variant.language)) {
            entry.problem("language", "expected a language tag such as \"nl\" or \"pt-BR\"");
        }
        const auto executors = named_values<decide::ExecutorKind>();
        variant.executor = entry.enumeration<decide::ExecutorKind>("executor", std::span{executors});
        const bool by_team = variant.executor == decide::ExecutorKind::team;
        // Where the executor itself is wrong, nobody can tell whether minutes and pool are.
        const bool is_executor_known =
            entry.optional_member("executor").is_string() &&
            model::from_name<decide::ExecutorKind>(entry.optional_member("executor").as_string()).has_value();
        if (const auto at = entry.optional_reference("pool", "pool", pools_)) variant.pool = pools_[*at];
        variant.minutes = entry.number_or("minutes", 0, not_negative);
        if (is_executor_known) {
            if (by_team && !entry.has("pool")) entry.problem("expected the key \"pool\" for a team, got none");
            if (by_team && !(variant.minutes > 0)) entry.problem("minutes", "expected minutes above 0 for a team");
            if (!by_team && entry.has("pool")) entry.problem("pool", "expected no pool: only a team takes minutes");
            if (!by_team && variant.minutes > 0) {
                entry.problem("minutes", "expected no minutes: only a team takes minutes");
            }
        }
        variant.message = entry.string_or("message", "");
        entry.finish();
        return variant;
    }

    /// A day, or nothing where that is wrong.
    [[nodiscard]] static std::optional<time::Day> read_day(Cursor& entry, std::string_view key) {
        const Cursor value = entry.member(key);
        if (!value.is_there()) return std::nullopt;
        const std::string text = value.as_string();
        const std::optional<time::Day> day = time::Day::from_iso(text);
        if (!day && value.is_string()) value.problem("expected a day such as \"2026-09-01\", got \"" + text + '"');
        return day;
    }
    /// The days from "from" to "to", both included, or nothing where that is wrong.
    [[nodiscard]] static std::optional<time::Range<time::Day>> read_days(Cursor& entry) {
        const std::optional<time::Day> from = read_day(entry, "from");
        const std::optional<time::Day> to = read_day(entry, "to");
        if (!from || !to) return std::nullopt;
        if (*to < *from) {
            entry.problem("to",
                          "expected a day that is not before \"from\", " + to_iso(*from) + ", got " + to_iso(*to));
            return std::nullopt;
        }
        if (to->unix_days() == time::Day::max_unix_days) {
            entry.problem("to", "expected a day before 9999-12-31");
            return std::nullopt;
        }
        return time::Range{*from, *to + 1};
    }
    /// Whether a calendar can have these years; if not, that is a problem of the value.
    static bool is_calendar(const Cursor& at, std::vector<time::AcademicYear> years) {
        try {
            static_cast<void>(time::AcademicCalendar{{std::move(years), {}}});
            return true;
        } catch (const InvalidArgument& error) {
            std::string_view reason = error.what();
            constexpr std::string_view who = "AcademicCalendar: ";
            if (reason.starts_with(who)) reason.remove_prefix(who.size());
            at.problem(std::string{reason});
            return false;
        }
    }
    static void read_academic_years(const Cursor& list, std::vector<time::AcademicYear>& years) {
        if (!list.is_there()) return;
        NameList seen{"academic year"};
        for (Cursor entry : list) {
            if (auto year = read_academic_year(entry, seen)) years.push_back(*std::move(year));
        }
        std::vector<time::AcademicYear> bare;
        for (const time::AcademicYear& year : years) bare.push_back({year.name, year.days, {}, {}, {}});
        is_calendar(list, std::move(bare));
    }
    /// Nothing where its name or its days are wrong; what is wrong in it is left out.
    [[nodiscard]] static std::optional<time::AcademicYear> read_academic_year(Cursor& entry, NameList& seen) {
        const std::string name = entry.string("name");
        const bool is_named = seen.add(entry.optional_member("name"), name);
        const std::optional<time::Range<time::Day>> days = read_days(entry);
        std::optional<time::AcademicYear> year;
        if (days && !name.empty()) year = time::AcademicYear{name, *days, {}, {}, {}};
        std::vector<time::Term> terms =
            read_stretches(entry.optional_array("terms"), "term", year, &time::AcademicYear::terms);
        std::vector<time::ExamWeek> exam_weeks =
            read_stretches(entry.optional_array("exam_weeks"), "exam week", year, &time::AcademicYear::exam_weeks);
        std::vector<time::Deadline> deadlines;
        NameList seen_deadlines{"deadline"};
        for (Cursor& deadline : optional_list(entry, "deadlines")) {
            std::string deadline_name = deadline.string("name");
            seen_deadlines.add(deadline.optional_member("name"), deadline_name);
            if (const auto day = read_day(deadline, "day")) deadlines.push_back({std::move(deadline_name), *day});
            deadline.finish();
        }
        entry.finish();
        if (!year || !is_named) return std::nullopt;
        year->terms = std::move(terms);
        year->exam_weeks = std::move(exam_weeks);
        year->deadlines = std::move(deadlines);
        return year;
    }
    /// Terms or exam weeks.
    /// \param year  In which they must lie, bare; where nothing, that is not checked.
    template <class Stretch>
    [[nodiscard]] static std::vector<Stretch> read_stretches(const Cursor& list, std::string_view kind,
                                                             const std::optional<time::AcademicYear>& year,
                                                             std::vector<Stretch> time::AcademicYear::*member) {
        std::vector<Stretch> result;
        if (!list.is_there()) return result;
        const auto fit = [&](const Cursor& at, std::vector<Stretch> stretches) {
            if (!year) return true;
            time::AcademicYear with_them = *year;
            with_them.*member = std::move(stretches);
            return is_calendar(at, {std::move(with_them)});
        };
        NameList seen{kind};
        for (Cursor entry : list) {
            const std::string name = entry.string("name");
            const bool is_named = seen.add(entry.optional_member("name"), name);
            const std::optional<time::Range<time::Day>> days = read_days(entry);
            entry.finish();
            if (!days || name.empty()) continue;
            const Stretch stretch{name, *days};
            if (fit(entry, {stretch}) && is_named) result.push_back(stretch);
        }
        fit(list, result);
        return result;
    }

    /// Segments whose names and circles are still to be looked at.
    struct ReadSegments {
        std::vector<std::string> names;
        std::vector<Cursor> conditions;                 // where they stand
        std::vector<std::vector<std::string>> rest_on;  // names of segments that the conditions name
    };
    void read_segments(const Cursor& list, engine::Playbook& playbook) const {
        if (!list.is_there()) return;
        if (list.size() > most_segments) {
            list.problem("expected at most " + std::to_string(most_segments) + " segments, got " +
                         std::to_string(list.size()));
        }
        const segment::Catalogue fields = fields_of(playbook);
        NameList seen{"segment"};
        ReadSegments read;
        for (Cursor entry : list) {
            segment::SegmentConfig config;
            config.name = entry.string("name");
            seen.add(entry.optional_member("name"), config.name);
            const auto condition = read_condition(entry, fields, config.condition);
            entry.finish();
            read.names.push_back(config.name);
            read.conditions.push_back(entry.optional_member("condition"));
            read.rest_on.push_back(condition ? segment::segments_named(*condition) : std::vector<std::string>{});
            playbook.segments.push_back(std::move(config));
        }
        check_named_segments(read);
    }
    /// What conditions can be checked against although the playbook may have problems: names that stand twice, once.
    [[nodiscard]] static segment::Catalogue fields_of(const engine::Playbook& playbook) {
        std::vector<segment::Field> fields;
        std::set<std::string> names{""};
        for (segment::Field& field : engine::field_list(playbook)) {
            if (names.insert(field.name).second) fields.push_back(std::move(field));
        }
        return segment::Catalogue{std::move(fields)};
    }
    /// The condition, and its text; nothing where it is none.
    [[nodiscard]] std::optional<segment::Condition> read_condition(Cursor& entry, const segment::Catalogue& fields,
                                                                   std::string& text) const {
        const Cursor value = entry.member("condition");
        std::optional<segment::Condition> condition;
        if (value.is_string()) {
            text = value.as_string();
            try {
                condition = segment::parse(text, fields);
            } catch (const ParseError& error) {
                for (const ParseError::Issue& issue : error.issues()) {
                    value.problem("in the condition, line " + std::to_string(issue.line) + ", " + issue.message);
                }
            }
        } else if (value.is_object()) {
            condition = condition_from(*checker_, entry.optional_member("condition"), fields);
            // Where there are problems nobody will see the text.
            if (!checker_->has_problems()) text = segment::to_text(*condition);
        } else {
            value.problem("expected a condition: a text, or an object in the JSON form");
        }
        if (condition) {
            try {
                static_cast<void>(segment::with_parameters(*condition, {}));
            } catch (const InvalidArgument& error) {
                value.problem(std::string{"expected a condition without parameters: "} + error.what());
            }
        }
        return condition;
    }
    /// Segments that conditions name must be there, and must not rest on each other in a circle.
    static void check_named_segments(const ReadSegments& read) {
        std::map<std::string, std::size_t> places;
        for (std::size_t i = 0; i < read.names.size(); ++i) places.emplace(read.names[i], i);
        const std::vector<std::string_view> known(read.names.begin(), read.names.end());
        std::vector<std::vector<std::size_t>> next(read.names.size());
        for (std::size_t i = 0; i < read.names.size(); ++i) {
            for (const std::string& name : read.rest_on[i]) {
                if (name.empty()) continue;  // told already, by the condition's own reader
                if (const auto found = places.find(name); found != places.end()) {
                    next[i].push_back(found->second);
                } else {
                    read.conditions[i].problem("expected the name of a segment, got \"" + name + '"' +
                                               did_you_mean(name, known));
                }
            }
        }
        enum class State : std::uint8_t { unseen, on_path, done };
        struct Step {
            std::size_t segment;
            std::size_t taken;  ///< So many of those that it rests on.
        };
        std::vector<State> states(read.names.size(), State::unseen);
        std::vector<Step> path;
        const auto enter = [&](std::size_t segment) {
            states[segment] = State::on_path;
            path.push_back({segment, 0});
        };
        for (std::size_t start = 0; start < states.size(); ++start) {
            if (states[start] == State::unseen) enter(start);
            while (!path.empty()) {
                const std::size_t segment = path.back().segment;
                if (path.back().taken == next[segment].size()) {
                    states[segment] = State::done;
                    path.pop_back();
                    continue;
                }
                const std::size_t named = next[segment][path.back().taken++];
                if (states[named] == State::unseen) {
                    enter(named);
                } else if (states[named] == State::on_path) {
                    std::string circle;
                    bool is_in_circle = false;
                    for (const Step& step : path) {
                        is_in_circle = is_in_circle || step.segment == named;
                        if (is_in_circle) circle += '"' + read.names[step.segment] + "\" -> ";
                    }
                    read.conditions[segment].problem(
                        "expected segments that do not rest on each other in a circle, got " + circle + '"' +
                        read.names[named] + '"');
                }
            }
        }
    }

    static constexpr NumberRange finite{std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max()};
    Checker* checker_;
    std::vector<std::string> channels_;
    const std::vector<std::string> text_inputs_{engine::text_inputs.begin(), engine::text_inputs.end()};
    std::vector<std::string> topics_;
    std::vector<std::string> contact_channels_;
    std::vector<std::string> columns_;  // all but attributes
    std::vector<std::string> inputs_;   // columns and texts that models may read, but attributes
    std::vector<std::string> host_columns_;
    std::vector<std::string> purposes_;
    std::vector<std::string> pools_;
    std::vector<std::optional<Cursor>> outcome_actions_;  // by model, of responses; actions come after models
};

using Json = nlohmann::ordered_json;

template <class Enum>
[[nodiscard]] Json weights_json(const std::array<double, model::enum_size<Enum>>& weights) {
    Json result = Json::object();
    for (std::size_t i = 0; i < weights.size(); ++i)
        result[std::string{model::EnumNames<Enum>::values[i]}] = weights[i];
    return result;
}
[[nodiscard]] Json weights_json(const std::map<std::string, double>& weights) {
    Json result = Json::object();
    for (const auto& [name, weight] : weights) result[name] = weight;
    return result;
}

[[nodiscard]] Json engagement_json(const score::EngagementConfig& config) {
    Json half_lives = Json::array();
    for (const score::HalfLife& half_life : config.half_lives) {
        half_lives.push_back({{"name", half_life.name},
                              {"days", half_life.days},
                              {"share", half_life.share},
                              {"scale", half_life.scale}});
    }
    return {{"half_lives", half_lives},
            {"channels", weights_json(config.channels)},
            {"other_channels", config.other_channels},
            {"acts", weights_json<model::Act>(config.acts)},
            {"directions", weights_json<model::Direction>(config.directions)},
            {"topics", weights_json(config.topics)},
            {"other_topics", config.other_topics}};
}

[[nodiscard]] Json reachability_json(const score::ReachabilityConfig& config) {
    Json priors = Json::object();
    for (const auto& [channel, prior] : config.priors) {
        priors[channel] = {{"responses", prior.responses}, {"silences", prior.silences}};
    }
    return {{"channels", config.channels},
            {"response_window_days", to_days(config.response_window)},
            {"priors", priors},
            {"hour_prior", config.hour_prior}};
}

template <class Enum>
[[nodiscard]] Json enumerators_json(const std::vector<Enum>& values) {
    Json result = Json::array();
    for (const Enum value : values) result.push_back(model::name_of(value));
    return result;
}
[[nodiscard]] Json roles_json(model::RoleSet roles) {
    Json result = Json::array();
    for (std::size_t i = 0; i < model::enum_size<model::RoleKind>; ++i) {
        if (roles.contains(static_cast<model::RoleKind>(i))) {
            result.push_back(model::EnumNames<model::RoleKind>::values[i]);
        }
    }
    return result;
}

// A value that means nothing beside the others is left out while it is the default: the reader would refuse it.

[[nodiscard]] Json lifecycle_json(const score::LifecycleConfig& lifecycle) {
    const score::LifecycleConfig defaults{};
    const bool is_bg_bb = lifecycle.model == score::LifecycleModel::bg_bb;
    Json result = {{"name", lifecycle.name},
                   {"model", model::name_of(lifecycle.model)},
                   {"acts", enumerators_json(lifecycle.acts)},
                   {"channels", lifecycle.channels},
                   {"topics", lifecycle.topics}};
    if (!is_bg_bb || lifecycle.unit_days != defaults.unit_days) result["unit_days"] = lifecycle.unit_days;
    if (is_bg_bb || lifecycle.year_starts_in != defaults.year_starts_in) {
        result["year_starts_in"] = lifecycle.year_starts_in;
    }
    result["horizon"] = lifecycle.horizon;
    if (lifecycle.penalty != defaults.penalty) result["penalty"] = lifecycle.penalty;
    return result;
}

[[nodiscard]] Json urgency_rule_json(const score::UrgencyRule& rule) {
    return {{"weight", rule.weight}, {"half_life_days", rule.half_life_days}, {"grace_days", rule.grace_days}};
}
[[nodiscard]] Json urgency_json(const score::UrgencyConfig& config) {
    Json kinds = Json::object();
    for (const auto& [kind, rule] : config.kinds) kinds[kind] = urgency_rule_json(rule);
    return {{"other", urgency_rule_json(config.other)}, {"kinds", kinds}};
}

[[nodiscard]] Json outcome_json(const score::OutcomeConfig& outcome) {
    const score::OutcomeConfig defaults{};
    const bool is_response = outcome.kind == score::OutcomeKind::response;
    Json result = {{"kind", model::name_of(outcome.kind)}, {"programmes", outcome.programmes}};
    if (!is_response || outcome.positive != defaults.positive) result["positive"] = enumerators_json(outcome.positive);
    if (!is_response || outcome.negative != defaults.negative) result["negative"] = enumerators_json(outcome.negative);
    if (is_response || !outcome.channels.empty()) result["channels"] = outcome.channels;
    if (is_response || !outcome.actions.empty()) result["actions"] = outcome.actions;
    return result;
}
[[nodiscard]] Json feature_json(const score::FeatureConfig& feature) {
    using enum score::Encoding;
    const score::FeatureConfig defaults{};
    const bool has_edges = feature.encoding == bins || feature.encoding == steps;
    const bool may_be_rare = feature.encoding == levels || feature.encoding == cross;
    const bool may_be_monotone = feature.encoding == linear || feature.encoding == log || feature.encoding == steps;
    Json result = Json::object();
    if (!feature.name.empty()) result["name"] = feature.name;
    if (!feature.input.empty()) result["input"] = feature.input;
    result["encoding"] = model::name_of(feature.encoding);
    if (feature.encoding == cross || !feature.of.empty()) result["of"] = feature.of;
    if (!feature.edges.empty()) result["edges"] = feature.edges;
    if ((has_edges && feature.edges.empty()) || feature.quantiles != defaults.quantiles) {
        result["quantiles"] = feature.quantiles;
    }
    if (may_be_monotone || feature.monotone != defaults.monotone) result["monotone"] = model::name_of(feature.monotone);
    if (may_be_rare || feature.least_rows != defaults.least_rows) result["least_rows"] = feature.least_rows;
    if (!feature.reason.empty()) result["reason"] = feature.reason;
    return result;
}
[[nodiscard]] Json model_json(const score::ModelConfig& config) {
    const score::ModelConfig defaults{};
    const bool is_bulk = config.learning == score::Learning::bulk;
    Json features = Json::array();
    for (const score::FeatureConfig& feature : config.features) features.push_back(feature_json(feature));
    Json result = {{"name", config.name},
                   {"outcome", outcome_json(config.outcome)},
                   {"roles", roles_json(config.roles)},
                   {"features", features},
                   {"learning", model::name_of(config.learning)}};
    if (!config.group.empty()) result["group"] = config.group;
    result["penalty"] = config.penalty;
    if (!is_bulk || config.half_life != defaults.half_life) result["half_life"] = config.half_life;
    if (is_bulk || config.calibration != defaults.calibration) {
        result["calibration"] = model::name_of(config.calibration);
    }
    if (is_bulk || config.folds != defaults.folds) result["folds"] = config.folds;
    result["least_rows"] = config.least_rows;
    result["prior"] = config.prior;
    return result;
}

[[nodiscard]] Json action_json(const decide::Action& action) {
    Json programmes = Json::array();
    for (const std::string& programme : action.programmes) programmes.push_back(programme);
    Json conditions = Json::array();
    for (const decide::ColumnRange& range : action.conditions) {
        Json condition = {{"column", range.column}};
        if (range.from) condition["from"] = *range.from;
        if (range.below) condition["below"] = *range.below;
        conditions.push_back(std::move(condition));
    }
    Json value;
    if (action.value.column.empty()) {
        value = action.value.points.empty() ? 0.0 : action.value.points.front().euros;
    } else {
        Json points = Json::array();
        for (const auto& point : action.value.points) points.push_back(Json::array({point.at, point.euros}));
        value = {{"column", action.value.column}, {"points", points}};
    }
    Json variants = Json::array();
    for (const decide::Variant& variant : action.variants) {
        Json entry = {{"channel", variant.channel},
                      {"language", variant.language},
                      {"executor", model::name_of(variant.executor)}};
        if (!variant.pool.empty()) entry["pool"] = variant.pool;
        if (variant.minutes != 0) entry["minutes"] = variant.minutes;
        if (!variant.message.empty()) entry["message"] = variant.message;
        variants.push_back(std::move(entry));
    }
    Json result = {{"name", action.name},
                   {"purpose", action.purpose},
                   {"roles", roles_json(action.roles)},
                   {"programmes", programmes},
                   {"conditions", conditions},
                   {"value_euros", value},
                   {"propensity", action.propensity},
                   {"lever", action.lever}};
    if (action.gap) result["gap_days"] = to_days(*action.gap);
    result["variants"] = std::move(variants);
    return result;
}

/// A stretch of days, both ends included.
template <class Stretch>
[[nodiscard]] Json days_json(const Stretch& stretch) {
    if (stretch.days.is_empty()) {
        throw InvalidArgument{"write_playbook: \"" + stretch.name + "\" of the academic years has no days"};
    }
    return {{"name", stretch.name},
            {"from", to_iso(stretch.days.start())},
            {"to", to_iso(stretch.days.end_exclusive() - 1)}};
}
[[nodiscard]] Json academic_year_json(const time::AcademicYear& year) {
    Json result = days_json(year);
    result["terms"] = Json::array();
    for (const time::Term& term : year.terms) result["terms"].push_back(days_json(term));
    result["exam_weeks"] = Json::array();
    for (const time::ExamWeek& week : year.exam_weeks) result["exam_weeks"].push_back(days_json(week));
    result["deadlines"] = Json::array();
    for (const time::Deadline& deadline : year.deadlines) {
        result["deadlines"].push_back({{"name", deadline.name}, {"day", to_iso(deadline.day)}});
    }
    return result;
}

/// JSON has no way to write these; the library would write null.
void require_finite(const Json& json) {
    if (json.is_number_float() && !std::isfinite(json.get<double>())) {
        throw InvalidArgument{"write_playbook: a number of the playbook is not finite"};
    }
    if (json.is_structured()) {
        for (const Json& element : json) require_finite(element);
    }
}

}  // namespace

engine::Playbook read_playbook(std::string_view json_text, const std::string& name) {
    Checker checker{PositionedJson::parse(json_text, name, max_json_depth)};
    engine::Playbook playbook = PlaybookReader{checker}.read(checker.root());
    checker.throw_if_any(name);
    return playbook;
}

engine::Playbook read_playbook_file(const std::filesystem::path& path) {
    return read_playbook(read_text_file(path), path.string());
}

std::string write_playbook(const engine::Playbook& playbook) {
    Json purposes = Json::array();
    for (const decide::PurposeRule& purpose : playbook.actions.purposes) {
        purposes.push_back({{"name", purpose.name}, {"legal_basis", model::name_of(purpose.basis)}});
    }
    Json pools = Json::array();
    for (const decide::Pool& pool : playbook.actions.pools) {
        pools.push_back({{"name", pool.name}, {"minutes", pool.minutes}});
    }
    Json caps = Json::array();
    for (const decide::ContactCap& cap : playbook.actions.caps) {
        Json entry = {{"name", cap.name}};
        if (cap.channel) entry["channel"] = *cap.channel;
        if (cap.purpose) entry["purpose"] = *cap.purpose;
        entry["most"] = cap.most;
        entry["window_days"] = to_days(cap.window);
        caps.push_back(std::move(entry));
    }
    Json actions = Json::array();
    for (const decide::Action& action : playbook.actions.actions) actions.push_back(action_json(action));
    Json lifecycles = Json::array();
    for (const score::LifecycleConfig& lifecycle : playbook.lifecycles) lifecycles.push_back(lifecycle_json(lifecycle));
    Json models = Json::array();
    for (const score::ModelConfig& model : playbook.models) models.push_back(model_json(model));
    Json academic_years = Json::array();
    for (const time::AcademicYear& year : playbook.academic_years) academic_years.push_back(academic_year_json(year));
    Json segments = Json::array();
    for (const segment::SegmentConfig& each : playbook.segments) {
        segments.push_back({{"name", each.name}, {"condition", each.condition}});
    }
    const Json document = {{"name", playbook.name},
                           {"channels", playbook.channels},
                           {"topics", playbook.topics},
                           {"engagement", engagement_json(playbook.engagement)},
                           {"reachability", reachability_json(playbook.reachability)},
                           {"lifecycles", lifecycles},
                           {"urgency", urgency_json(playbook.urgency)},
                           {"models", models},
                           {"columns", playbook.columns},
                           {"purposes", purposes},
                           {"pools", pools},
                           {"contact_caps", caps},
                           {"actions", actions},
                           {"zone", playbook.zone},
                           {"academic_years", academic_years},
                           {"segments", segments}};
    require_finite(document);
    try {
        return document.dump(2) + '\n';
    } catch (const Json::exception&) {
        throw InvalidArgument{"write_playbook: a text of the playbook is not UTF-8"};
    }
}

}  // namespace alloquy::io

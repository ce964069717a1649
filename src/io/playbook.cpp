#include <alloquy/io/playbook.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <alloquy/decide/action.hpp>
#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/time/instant.hpp>

#include "policy_names.hpp"
#include "positioned_json.hpp"
#include "text_file.hpp"

namespace alloquy::io {

namespace {

constexpr double ms_per_day = 86'400'000;
constexpr double max_days = 36'525;  // a hundred years
constexpr double one_ms = 1 / ms_per_day;
constexpr NumberRange not_negative{0, std::numeric_limits<double>::max()};
constexpr NumberRange weight_range{0, score::Engagement::max_weight};

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
    void add(const Cursor& at, const std::string& name) {
        if (!at.is_string()) return;
        if (name.empty() || name.size() > model::max_symbol_bytes) {
            at.problem("expected a name of 1 to " + std::to_string(model::max_symbol_bytes) + " bytes, got " +
                       std::to_string(name.size()));
        } else if (const auto [first, is_new] = places_.emplace(name, at.pointer()); !is_new) {
            at.problem("expected each " + kind_ + " once, got a second \"" + name + "\"; the first stands at " +
                       first->second);
        }
    }

private:
    std::string kind_;
    std::map<std::string, std::string> places_;
};

class PlaybookReader {
public:
    engine::Playbook read(Cursor root) {
        engine::Playbook playbook;
        playbook.name = root.string("name");
        playbook.channels = names(root.array("channels"), "channel", score::max_channels);
        playbook.topics = names(root.optional_array("topics"), "topic", score::max_topics);
        channels_ = playbook.channels;
        topics_ = playbook.topics;
        read_engagement(root.optional_object("engagement"), playbook.engagement);
        read_reachability(root.optional_object("reachability"), playbook.reachability);
        read_actions(root, playbook.actions);
        root.finish();
        return playbook;
    }

private:
    [[nodiscard]] static std::vector<std::string> names(Cursor list, std::string_view kind, std::size_t most) {
        std::vector<std::string> result;
        if (!list.is_there()) return result;
        NameList seen{kind};
        for (const Cursor& element : list) {
            std::string name = element.as_string();
            seen.add(element, name);
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
                half_life.days = entry.number("days", {1.0 / 24, 3650});
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
        object.finish();
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
        const Cursor roles = entry.array("roles");
        if (roles.is_array() && roles.size() == 0) roles.problem("expected at least one role");
        if (roles.is_there()) {
            const std::vector<std::string> role_names(model::EnumNames<model::RoleKind>::values.begin(),
                                                      model::EnumNames<model::RoleKind>::values.end());
            for (const Cursor& role : roles) {
                if (const auto at = role.as_reference("role", role_names)) {
                    action.roles.insert(static_cast<model::RoleKind>(*at));
                }
            }
        }
        for (std::string& programme : entry.optional_strings("programmes")) {
            if (programme.empty() || programme.size() > model::max_symbol_bytes) {
                entry.problem("programmes", "expected names of 1 to 255 bytes");
            } else {
                action.programmes.push_back(std::move(programme));
            }
        }
        for (Cursor& condition : optional_list(entry, "conditions")) {
            decide::ColumnRange range;
            range.column = column(condition);
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
    [[nodiscard]] static std::string column(Cursor& object) {
        static const std::vector<std::string> columns(engine::column_names.begin(), engine::column_names.end());
        const auto at = object.reference("column", "column", columns);
        return at ? columns[*at] : std::string{};
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
        curve.column = column(value);
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

    static constexpr NumberRange finite{std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max()};
    std::vector<std::string> channels_;
    std::vector<std::string> topics_;
    std::vector<std::string> purposes_;
    std::vector<std::string> pools_;
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
    return {
        {"channels", config.channels}, {"response_window_days", to_days(config.response_window)}, {"priors", priors}};
}

[[nodiscard]] Json action_json(const decide::Action& action) {
    Json roles = Json::array();
    for (std::size_t i = 0; i < model::enum_size<model::RoleKind>; ++i) {
        if (action.roles.contains(static_cast<model::RoleKind>(i))) {
            roles.push_back(model::EnumNames<model::RoleKind>::values[i]);
        }
    }
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
                   {"roles", roles},
                   {"programmes", programmes},
                   {"conditions", conditions},
                   {"value_euros", value},
                   {"propensity", action.propensity},
                   {"lever", action.lever}};
    if (action.gap) result["gap_days"] = to_days(*action.gap);
    result["variants"] = std::move(variants);
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
    Checker checker{PositionedJson::parse(json_text, name)};
    engine::Playbook playbook = PlaybookReader{}.read(checker.root());
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
    const Json document = {{"name", playbook.name},
                           {"channels", playbook.channels},
                           {"topics", playbook.topics},
                           {"engagement", engagement_json(playbook.engagement)},
                           {"reachability", reachability_json(playbook.reachability)},
                           {"purposes", purposes},
                           {"pools", pools},
                           {"contact_caps", caps},
                           {"actions", actions}};
    require_finite(document);
    try {
        return document.dump(2) + '\n';
    } catch (const Json::exception&) {
        throw InvalidArgument{"write_playbook: a text of the playbook is not UTF-8"};
    }
}

}  // namespace alloquy::io

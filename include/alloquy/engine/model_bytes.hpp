#pragma once

/// \file
/// Byte forms of learned models and fitted lifecycles, as the journal keeps them: equal models have equal bytes.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/engine/bytes.hpp>
#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/score/model.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

/// A learned model with what it takes to learn it again from the journal.
struct ModelContent {
    score::Model model;
    std::vector<time::Instant> instants;  ///< From which the past was seen; empty for responses.
    time::Instant now;                    ///< Windows of responses that end later were open.
    std::uint32_t continues = 0;          ///< The version that an online model went on from; 0 = none.
    std::vector<PolicyPart> policy{};     ///< It was learned under this and is used under no other.
};

namespace detail {

[[nodiscard]] inline std::vector<std::byte> written(const std::function<void(ByteWriter&)>& write) {
    std::vector<std::byte> bytes;
    ByteWriter out{[&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
    write(out);
    out.flush();
    return bytes;
}
/// Calls read with a reader of all the bytes behind the title, which must be used up.
template <class Read>
[[nodiscard]] auto read_all(std::span<const std::byte> bytes, std::string_view title, Read&& read) {
    bool given = false;
    ByteReader in{[&]() -> std::span<const std::byte> {
        return std::exchange(given, true) ? std::span<const std::byte>{} : bytes;
    }};
    if (in.text() != title) ByteReader::fail("bytes of another kind");
    try {
        auto value = read(in);
        in.expect_end();
        return value;
    } catch (const InvalidArgument& error) {
        ByteReader::fail(error.what());  // parts that do not fit each other
    }
}
template <class Enum>
[[nodiscard]] Enum read_enumerator(ByteReader& in) {
    const auto value = in.number<Enum>();
    if (static_cast<std::size_t>(value) >= model::enum_size<Enum>) ByteReader::fail("an unknown enumerator");
    return value;
}

/// -0 equals 0, so it must give the same bytes.
template <class Number>
void write_number(ByteWriter& out, Number value) {
    if constexpr (std::is_floating_point_v<Number>) {
        out.number(value + 0.0);
    } else {
        out.number(value);
    }
}
inline void write_policy(ByteWriter& out, std::span<const PolicyPart> policy) {
    out.list(policy, [&](const PolicyPart& part) {
        out.text(part.name);
        out.list(part.bytes, [&](std::byte byte) { out.number(byte); });
    });
}
[[nodiscard]] inline std::vector<PolicyPart> read_policy(ByteReader& in) {
    return in.list([&] {
        std::string name = in.text();
        return PolicyPart{std::move(name), in.list([&] { return in.number<std::byte>(); })};
    });
}
inline void write_encoder(ByteWriter& out, const score::FeatureEncoder& encoder) {
    const auto number = [&](auto value) { write_number(out, value); };
    const auto text = [&](const std::string& value) { out.text(value); };
    out.list(encoder.inputs(), text);
    out.list(encoder.features(), [&](const score::FeatureEncoder::Feature& feature) {
        text(feature.config.name);
        text(feature.config.input);
        number(feature.config.encoding);
        out.list(feature.config.edges, number);
        number(feature.config.quantiles);
        number(feature.config.monotone);
        number(feature.config.least_rows);
        out.list(feature.config.of, text);
        text(feature.config.reason);
        number(feature.input);
        number(static_cast<std::uint8_t>((feature.is_text ? 1 : 0) | (feature.has_missing ? 2 : 0) |
                                         (feature.has_other ? 4 : 0)));
        number(feature.mean);
        number(feature.scale);
        number(feature.least);
        number(feature.most);
        out.list(feature.edges, number);
        out.list(feature.levels, text);
        out.list(feature.of, number);
        out.list(feature.cells, number);
        number(feature.first);
        number(feature.count);
    });
}
[[nodiscard]] inline score::FeatureEncoder read_encoder(ByteReader& in) {
    const auto real = [&] { return in.number<double>(); };
    const auto whole = [&] { return in.number<std::uint32_t>(); };
    const auto text = [&] { return in.text(); };
    std::vector<std::string> inputs = in.list(text);
    auto features = in.list([&] {
        score::FeatureEncoder::Feature feature;
        feature.config.name = in.text();
        feature.config.input = in.text();
        feature.config.encoding = read_enumerator<score::Encoding>(in);
        feature.config.edges = in.list(real);
        feature.config.quantiles = whole();
        feature.config.monotone = read_enumerator<score::Monotone>(in);
        feature.config.least_rows = whole();
        feature.config.of = in.list(text);
        feature.config.reason = in.text();
        feature.input = whole();
        const auto flags = in.number<std::uint8_t>();
        feature.is_text = (flags & 1U) != 0;
        feature.has_missing = (flags & 2U) != 0;
        feature.has_other = (flags & 4U) != 0;
        feature.mean = real();
        feature.scale = real();
        feature.least = real();
        feature.most = real();
        feature.edges = in.list(real);
        feature.levels = in.list(text);
        const std::vector<std::uint32_t> of = in.list(whole);
        if (of.size() != feature.of.size()) ByteReader::fail("a feature crosses two others");
        std::copy(of.begin(), of.end(), feature.of.begin());
        feature.cells = in.list(whole);
        feature.first = whole();
        feature.count = whole();
        return feature;
    });
    return score::FeatureEncoder::from_parts(std::move(inputs), std::move(features));
}

}  // namespace detail

/// The canonical bytes: equal for equal content.
[[nodiscard]] inline std::vector<std::byte> to_bytes(const ModelContent& content) {
    return detail::written([&](ByteWriter& out) {
        const auto number = [&](auto value) { detail::write_number(out, value); };
        out.text("alloquy model 2");
        detail::write_policy(out, content.policy);
        out.list(content.instants, [&](time::Instant instant) { out.instant(instant); });
        out.instant(content.now);
        out.number(content.continues);
        detail::write_encoder(out, content.model.encoder());
        const score::Calibration& calibration = content.model.calibration();
        out.number(calibration.kind());
        number(calibration.slope());
        number(calibration.offset());
        out.list(calibration.thresholds(), number);
        out.list(calibration.probabilities(), number);
        out.number(static_cast<std::uint8_t>(content.model.coefficients().index()));
        if (const auto* const bulk = std::get_if<score::LogisticModel>(&content.model.coefficients())) {
            number(bulk->intercept);
            out.list(bulk->coefficients, number);
            out.list(bulk->covariance_factor, number);
            number(bulk->log_likelihood);
            number(bulk->weight);
            number(static_cast<std::uint64_t>(bulk->rows));
            number(static_cast<std::uint64_t>(bulk->positives));
            number(static_cast<std::uint64_t>(bulk->iterations));
        } else {
            const auto& online = std::get<score::OnlineLogistic>(content.model.coefficients());
            number(online.options().penalty);
            number(online.options().intercept_penalty);
            number(online.options().probability);
            number(online.options().half_life);
            out.list(online.signs(), number);
            number(online.state().intercept);
            number(online.state().intercept_information);
            out.list(online.state().coefficients, number);
            out.list(online.state().information, number);
            number(online.state().unit);
            number(online.state().weight);
            number(online.state().updates);
        }
    });
}
/// \throws ParseError  if the bytes are not those of such content. A flipped bit in a number goes unnoticed: the
/// journal
///                     keeps a hash beside them.
[[nodiscard]] inline ModelContent model_from_bytes(std::span<const std::byte> bytes) {
    return detail::read_all(bytes, "alloquy model 2", [](ByteReader& in) {
        const auto real = [&] { return in.number<double>(); };
        std::vector<PolicyPart> policy = detail::read_policy(in);
        std::vector<time::Instant> instants = in.list([&] { return in.instant(); });
        const time::Instant now = in.instant();
        const auto continues = in.number<std::uint32_t>();
        score::FeatureEncoder encoder = detail::read_encoder(in);
        const auto kind = detail::read_enumerator<score::CalibrationKind>(in);
        const double slope = real();
        const double offset = real();
        std::vector<double> thresholds = in.list(real);
        std::vector<double> probabilities = in.list(real);
        score::Calibration calibration =
            kind == score::CalibrationKind::platt ? score::Calibration::platt(slope, offset)
            : kind == score::CalibrationKind::isotonic
                ? score::Calibration::isotonic(std::move(thresholds), std::move(probabilities))
                : score::Calibration{};
        if (in.number<std::uint8_t>() == 0) {
            score::LogisticModel bulk;
            bulk.intercept = real();
            bulk.coefficients = in.list(real);
            bulk.covariance_factor = in.list(real);
            bulk.log_likelihood = real();
            bulk.weight = real();
            bulk.rows = static_cast<std::size_t>(in.number<std::uint64_t>());
            bulk.positives = static_cast<std::size_t>(in.number<std::uint64_t>());
            bulk.iterations = static_cast<std::size_t>(in.number<std::uint64_t>());
            return ModelContent{score::Model{std::move(encoder), std::move(bulk), std::move(calibration)},
                                std::move(instants), now, continues, std::move(policy)};
        }
        score::OnlineLogisticOptions options;
        options.penalty = real();
        options.intercept_penalty = real();
        options.probability = real();
        options.half_life = real();
        auto signs = in.list([&] {
            const auto sign = in.number<score::CoefficientSign>();
            if (sign > score::CoefficientSign::not_positive) ByteReader::fail("an unknown enumerator");
            return sign;
        });
        score::OnlineLogisticState state;
        state.intercept = real();
        state.intercept_information = real();
        state.coefficients = in.list(real);
        state.information = in.list(real);
        state.unit = real();
        state.weight = real();
        state.updates = in.number<std::uint64_t>();
        return ModelContent{
            score::Model{std::move(encoder), score::OnlineLogistic{std::move(state), options, std::move(signs)},
                         std::move(calibration)},
            std::move(instants), now, continues, std::move(policy)};
    });
}

/// The canonical bytes of a lifecycle's parameters.
[[nodiscard]] inline std::vector<std::byte> to_bytes(const LifecycleParameters& parameters) {
    return detail::written([&](ByteWriter& out) {
        out.text("alloquy lifecycle 1");
        out.number(static_cast<std::uint8_t>(parameters.index()));
        if (const auto* const bg_nbd = std::get_if<score::BgNbdParameters>(&parameters)) {
            for (const double value : {bg_nbd->r, bg_nbd->alpha, bg_nbd->a, bg_nbd->b}) out.number(value + 0.0);
        } else {
            const auto& bg_bb = std::get<score::BgBbParameters>(parameters);
            for (const double value : {bg_bb.alpha, bg_bb.beta, bg_bb.gamma, bg_bb.delta}) out.number(value + 0.0);
        }
    });
}
/// \throws ParseError  as model_from_bytes().
[[nodiscard]] inline LifecycleParameters lifecycle_from_bytes(std::span<const std::byte> bytes) {
    return detail::read_all(bytes, "alloquy lifecycle 1", [](ByteReader& in) -> LifecycleParameters {
        const auto kind = in.number<std::uint8_t>();
        std::array<double, 4> values{};
        for (double& value : values) value = in.number<double>();
        if (kind > 1) ByteReader::fail("an unknown lifecycle model");
        LifecycleParameters parameters = score::BgNbdParameters{values[0], values[1], values[2], values[3]};
        if (kind == 1) parameters = score::BgBbParameters{values[0], values[1], values[2], values[3]};
        std::visit([](const auto& each) { score::check(each); }, parameters);
        return parameters;
    });
}

/// Fitted parameters of a lifecycle with what they speak of.
struct FittedLifecycle {
    LifecycleParameters parameters;
    time::Instant now;               ///< The counts were those of then.
    std::vector<PolicyPart> policy;  ///< They were fitted under this and are used under no other.
};
/// The canonical bytes of a fitted lifecycle.
[[nodiscard]] inline std::vector<std::byte> to_bytes(const FittedLifecycle& fitted) {
    const std::vector<std::byte> parameters = to_bytes(fitted.parameters);
    return detail::written([&](ByteWriter& out) {
        out.text("alloquy fitted lifecycle 2");
        detail::write_policy(out, fitted.policy);
        out.instant(fitted.now);
        out.list(parameters, [&](std::byte byte) { out.number(byte); });
    });
}
/// \throws ParseError  as model_from_bytes().
[[nodiscard]] inline FittedLifecycle fitted_lifecycle_from_bytes(std::span<const std::byte> bytes) {
    return detail::read_all(bytes, "alloquy fitted lifecycle 2", [](ByteReader& in) {
        std::vector<PolicyPart> policy = detail::read_policy(in);
        const time::Instant now = in.instant();
        const std::vector<std::byte> parameters = in.list([&] { return in.number<std::byte>(); });
        return FittedLifecycle{lifecycle_from_bytes(parameters), now, std::move(policy)};
    });
}

/// True for the bytes of a model or a lifecycle that a library before 0.1 kept without its policy: what it was learned
/// under cannot be told, so it is not used.
[[nodiscard]] inline bool is_without_policy(std::span<const std::byte> bytes) {
    const auto begins_with = [&](std::string_view title) {
        const std::vector<std::byte> start = detail::written([&](ByteWriter& out) { out.text(title); });
        return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
    };
    return begins_with("alloquy model 1") || begins_with("alloquy fitted lifecycle 1");
}

/// The policy at the start of the bytes of a model or a fitted lifecycle.
/// \throws ParseError  if they are neither.
[[nodiscard]] inline std::vector<PolicyPart> policy_of_bytes(std::span<const std::byte> bytes) {
    bool given = false;
    ByteReader in{[&]() -> std::span<const std::byte> {
        return std::exchange(given, true) ? std::span<const std::byte>{} : bytes;
    }};
    const std::string title = in.text();
    if (title != "alloquy model 2" && title != "alloquy fitted lifecycle 2") ByteReader::fail("bytes of another kind");
    return detail::read_policy(in);
}

}  // namespace alloquy::engine

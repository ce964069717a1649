#pragma once

/// \file
/// Features: one definition of what models see of people, for learning in bulk, online and for one person.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/feature_matrix.hpp>

namespace alloquy::score {

/// How an input turns into columns of a FeatureMatrix. A missing input gives the column `<name> missing`, where the
/// training rows had one.
enum class Encoding : std::uint8_t {
    linear,  ///< (x - mean) / standard deviation of the training rows; x is kept within their range.
    log,     ///< The same of log(1 + x) (of -log(1 - x) below 0).
    bins,    ///< A column for each bin [edge, next edge), 1 where x lies in it.
    steps,   ///< A column for each edge, 1 where x >= edge. With `monotone` a rising or falling staircase.
    levels,  ///< A column for each level of a text, 1 where it is that one; rare ones share `<name> rare`.
    cross,   ///< The product of each column of one feature with each of another.
};

/// Whether a higher value of a feature may only raise or only lower the log-odds. For linear, log and steps.
enum class Monotone : std::uint8_t { free, rising, falling };

/// One feature.
struct FeatureConfig {
    std::string name{};   ///< Unique; the input's name where empty. A cross needs one.
    std::string input{};  ///< Name of an input, such as "days_since_own_act" or "attribute:region"; empty for a cross.
    Encoding encoding = Encoding::linear;
    std::vector<double> edges{};   ///< Of bins and steps, ascending. Empty: quantiles of the training rows.
    std::uint32_t quantiles = 10;  ///< Number of bins where there are no edges, 2 to 100.
    Monotone monotone = Monotone::free;
    std::uint32_t least_rows = 20;  ///< A level or crossed column with fewer training rows is rare.
    std::vector<std::string> of{};  ///< The two features that are crossed; both stand before it and are no crosses.
    std::string reason{};           ///< Why a special category of personal data may be used; see is_special_category().

    friend bool operator==(const FeatureConfig&, const FeatureConfig&) = default;
};

}  // namespace alloquy::score

template <>
struct alloquy::model::EnumNames<alloquy::score::Encoding> {
    static constexpr std::array<std::string_view, 6> values{"linear", "log", "bins", "steps", "levels", "cross"};
};
template <>
struct alloquy::model::EnumNames<alloquy::score::Monotone> {
    static constexpr std::array<std::string_view, 3> values{"free", "rising", "falling"};
};

namespace alloquy::score {

/// True for attributes whose name says that they are a special category of personal data (GDPR, article 9): health and
/// disability, racial or ethnic origin, political opinions, beliefs, trade union, genes and biometrics, sex life and
/// orientation. No model sees them unless its feature names a reason. Only the name is looked at, so a playbook should
/// call such attributes by their name.
[[nodiscard]] inline bool is_special_category(std::string_view attribute) {
    constexpr std::array<std::string_view, 17> beginnings{
        "belief", "sex_life", "sexlife", "sex life", "disab",   "handicap", "dyslex",  "illness", "diagnos",
        "medic",  "ethnic",   "racial",  "religi",   "politic", "genetic",  "biometr", "sexual"};
    constexpr std::array<std::string_view, 7> words{"health", "race", "origin", "faith", "union", "gene", "genes"};
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    std::string text;
    std::size_t breaks = 0;
    for (const char c : attribute) {
        const bool is_upper = c >= 'A' && c <= 'Z';
        if (is_upper && !text.empty() && is_letter(attribute[text.size() - breaks - 1])) {
            text.push_back('_');  // a word begins inside "hasDisability"
            ++breaks;
        }
        text.push_back(is_upper ? static_cast<char>(c - 'A' + 'a') : c);
    }
    const auto stands = [&](std::string_view word, bool whole) {
        for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
            const std::size_t end = at + word.size();
            if ((at == 0 || !is_letter(text[at - 1])) && (!whole || end == text.size() || !is_letter(text[end]))) {
                return true;
            }
        }
        return false;
    };
    return std::any_of(beginnings.begin(), beginnings.end(), [&](auto word) { return stands(word, false); }) ||
           std::any_of(words.begin(), words.end(), [&](auto word) { return stands(word, true); });
}

/// Inputs of many people by column, before encoding. A number is missing where it is NaN.
struct FeatureTable {
    struct Input {
        std::string name;
        bool is_text = false;
        std::vector<double> values{};       ///< Shape (rows); of a text: its position in `levels`. NaN = missing.
        std::vector<std::string> levels{};  ///< Different texts, in any order.

        /// Position in `levels` of a text that is not missing.
        /// \throws InvalidArgument  if the value is none.
        [[nodiscard]] std::size_t level_of(double value) const {
            if (value >= 0 && value < static_cast<double>(levels.size())) {
                const auto level = static_cast<std::size_t>(value);
                if (static_cast<double>(level) == value) return level;
            }
            throw InvalidArgument{"FeatureTable: a value of input '" + name + "' must be a position among its " +
                                  std::to_string(levels.size()) + " levels"};
        }
    };
    std::size_t rows = 0;
    std::vector<Input> inputs{};

    /// \throws InvalidArgument  if there is no such input.
    [[nodiscard]] const Input& input(std::string_view name) const {
        const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const Input& i) { return i.name == name; });
        if (found == inputs.end()) throw InvalidArgument{"FeatureTable: no input '" + std::string{name} + "'"};
        return *found;
    }
    /// The given rows, in the given order.
    /// \throws InvalidArgument  as check(), or if a row of `which` is not below rows.
    /// \par Cost    O(values of the table and of the part).
    [[nodiscard]] FeatureTable select(std::span<const std::uint32_t> which) const;
};

/// Refuses a table that is not consistent: every input has `rows` values, the levels of a text are different, and each
/// of its values is a position among them or NaN. All that takes a table asks for this first.
///
/// \throws InvalidArgument  naming the input.
/// \par Cost    O(values), and O(levels * log(levels)) for each text.
inline void check(const FeatureTable& table) {
    for (const FeatureTable::Input& input : table.inputs) {
        if (input.values.size() != table.rows) {
            throw InvalidArgument{"FeatureTable: input '" + input.name + "' must have " + std::to_string(table.rows) +
                                  " values, got " + std::to_string(input.values.size())};
        }
        if (!input.is_text) continue;
        std::vector<std::string_view> levels{input.levels.begin(), input.levels.end()};
        std::sort(levels.begin(), levels.end());
        if (std::adjacent_find(levels.begin(), levels.end()) != levels.end()) {
            throw InvalidArgument{"FeatureTable: input '" + input.name + "' must have each of its levels once"};
        }
        for (const double value : input.values) {
            if (value == value) static_cast<void>(input.level_of(value));
        }
    }
}

inline FeatureTable FeatureTable::select(std::span<const std::uint32_t> which) const {
    check(*this);
    for (const std::uint32_t row : which) {
        if (row < rows) continue;
        throw InvalidArgument{"FeatureTable: rows to select must be below " + std::to_string(rows) + ", got " +
                              std::to_string(row)};
    }
    FeatureTable part{which.size(), {}};
    for (const Input& input : inputs) {
        Input& copy = part.inputs.emplace_back(Input{input.name, input.is_text, {}, input.levels});
        copy.values.reserve(which.size());
        for (const std::uint32_t row : which) copy.values.push_back(input.values[row]);
    }
    return part;
}

/// Turns inputs into columns, with what was learned from the training rows: means, ranges, edges, levels. It never sees
/// an outcome. A plain value.
class FeatureEncoder {
public:
    /// One feature with what was learned.
    struct Feature {
        FeatureConfig config;
        std::uint32_t input = 0;  ///< Position among inputs(); of a cross: unused.
        bool is_text = false;
        bool has_missing = false;  ///< The training rows had missing values.
        double mean = 0;           ///< Of linear and log, after the logarithm.
        double scale = 0;          ///< 1 / standard deviation; 0 for a constant.
        double least = 0;          ///< Range of the training rows.
        double most = 0;
        std::vector<double> edges{};
        std::vector<std::string> levels{};   ///< Ascending, without the rare ones.
        bool has_other = false;              ///< Rare levels were there.
        std::array<std::uint32_t, 2> of{};   ///< Crossed features.
        std::vector<std::uint32_t> cells{};  ///< Of a cross: product number to column + 1 within it; 0 = rare.
        std::uint32_t first = 0;             ///< First column.
        std::uint32_t count = 0;             ///< Columns.

        friend bool operator==(const Feature&, const Feature&) = default;
    };

    FeatureEncoder() = default;

    /// Learns from training rows.
    /// \throws InvalidArgument  as check(), naming the input; if there are no rows, a feature is inconsistent, an input
    ///                          is not there or of the wrong type, or a special category lacks its reason; the text
    ///                          names the feature.
    [[nodiscard]] static FeatureEncoder fit(std::span<const FeatureConfig> configs, const FeatureTable& table) {
        check(table);
        if (table.rows == 0) throw InvalidArgument{"FeatureEncoder: at least one row is needed"};
        FeatureEncoder encoder;
        for (const FeatureConfig& config : configs) encoder.add(config, table);
        encoder.name_columns();
        return encoder;
    }
    /// From parts that were stored: features() and inputs() of a fitted one.
    /// \throws InvalidArgument  if they cannot be those of one; the text names the feature.
    [[nodiscard]] static FeatureEncoder from_parts(std::vector<std::string> inputs, std::vector<Feature> features) {
        FeatureEncoder encoder;
        encoder.inputs_ = std::move(inputs);
        encoder.features_ = std::move(features);
        std::uint32_t first = 0;
        for (std::size_t i = 0; i < encoder.features_.size(); ++i) {
            encoder.check_part(i, first);
            first += encoder.features_[i].count;
        }
        encoder.name_columns();
        return encoder;
    }

    /// Names of the inputs that are read, in the order of encode()'s argument.
    [[nodiscard]] const std::vector<std::string>& inputs() const noexcept { return inputs_; }
    [[nodiscard]] const std::vector<Feature>& features() const noexcept { return features_; }
    [[nodiscard]] const std::vector<std::string>& column_names() const noexcept { return names_; }
    [[nodiscard]] std::size_t columns() const noexcept { return names_.size(); }
    /// The feature that a column belongs to, as a position among features().
    /// \param column  Below columns(), which the caller sees to.
    [[nodiscard]] std::size_t feature_of(std::uint32_t column) const noexcept {
        std::size_t feature = 0;
        while (column >= features_[feature].first + features_[feature].count) ++feature;
        return feature;
    }
    /// True if an input is read as text.
    /// \param input  Position among inputs(), which the caller sees to.
    [[nodiscard]] bool is_text(std::size_t input) const noexcept { return text_codes_[input].is_text; }
    /// A text as encode() takes it: its number among the levels that were learned, or -1 for one that was not met.
    /// \param input  Position among inputs(), which the caller sees to.
    [[nodiscard]] double code(std::size_t input, std::string_view text) const {
        const auto found = text_codes_[input].numbers.find(text);
        return found == text_codes_[input].numbers.end() ? -1.0 : static_cast<double>(found->second);
    }

    /// An empty matrix with the names and signs of the columns.
    [[nodiscard]] FeatureMatrix matrix() const { return FeatureMatrix{names_, signs_}; }

    /// Entries of one encoded person: columns ascending, without zeros.
    struct Row {
        std::vector<std::uint32_t> columns;
        std::vector<double> values;
        std::vector<std::uint32_t> starts;  ///< Of the features' entries.
        std::vector<std::uint32_t> unseen;  ///< Inputs in a state that no training row was in; ascending, each once.
    };
    /// Encodes one person.
    ///
    /// An input in a state that no training row was in has no column, so it counts as the mean: a missing value where
    /// none was missing, and a text that was not met where a feature has no column for rare ones. Row::unseen lists it.
    /// A number is never such a state: beyond the range of the training rows it counts as its ends.
    /// \param values  Shape (inputs().size()); numbers, or code() of a text. NaN = missing.
    /// \throws InvalidArgument  if there are not as many values as inputs, or a text's value is no code().
    /// \par Cost    O(features + entries), and log2(edges) for each feature with bins.
    void encode(std::span<const double> values, Row& row) const {
        if (values.size() != inputs_.size()) {
            throw InvalidArgument{"FeatureEncoder: " + std::to_string(inputs_.size()) +
                                  " values expected, one for each input, got " + std::to_string(values.size())};
        }
        row.columns.clear();
        row.values.clear();
        row.starts.clear();
        row.unseen.clear();
        for (const Feature& feature : features_) {
            row.starts.push_back(static_cast<std::uint32_t>(row.columns.size()));
            if (feature.config.encoding == Encoding::cross) {
                encode_cross(feature, row);
            } else if (!encode_one(feature, values[feature.input], row)) {
                const auto at = std::lower_bound(row.unseen.begin(), row.unseen.end(), feature.input);
                if (at == row.unseen.end() || *at != feature.input) row.unseen.insert(at, feature.input);
            }
        }
    }

    /// Encodes many.
    /// \throws InvalidArgument  as check(), or if the table lacks an input or has it in the wrong type.
    [[nodiscard]] FeatureMatrix encode(const FeatureTable& table) const {
        FeatureMatrix matrix = this->matrix();
        encode_each(table, [&](const Row& row) { matrix.add_row({row.columns, row.values}); });
        return matrix;
    }
    /// Encodes one row after the other: calls use(row) for each. Errors as encode().
    template <class Use>
    void encode_each(const FeatureTable& table, const Use& use) const {
        check(table);
        std::vector<const FeatureTable::Input*> inputs;
        std::vector<std::vector<double>> codes(inputs_.size());
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            const FeatureTable::Input& input = table.input(inputs_[i]);
            if (input.is_text != is_text(i)) {
                throw InvalidArgument{"FeatureEncoder: input '" + input.name + "' must be " +
                                      (is_text(i) ? "text" : "a number")};
            }
            for (const std::string& level : input.levels) codes[i].push_back(code(i, level));
            inputs.push_back(&input);
        }
        std::vector<double> values(inputs_.size());
        Row row;
        for (std::size_t r = 0; r < table.rows; ++r) {
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                const double value = inputs[i]->values[r];
                const bool is_level = inputs[i]->is_text && value == value;
                values[i] = is_level ? codes[i][static_cast<std::size_t>(value)] : value;
            }
            encode(values, row);
            use(std::as_const(row));
        }
    }

    friend bool operator==(const FeatureEncoder& a, const FeatureEncoder& b) {
        return a.inputs_ == b.inputs_ && a.features_ == b.features_;
    }

private:
    /// Of one input: every level that a feature knows, ascending.
    struct TextCodes {
        bool is_text = false;
        std::map<std::string, std::uint32_t, std::less<>> numbers{};
    };

    [[noreturn]] static void fail(const FeatureConfig& config, const std::string& expected) {
        throw InvalidArgument{"feature '" + (config.name.empty() ? config.input : config.name) + "': " + expected};
    }
    static double transformed(Encoding encoding, double x) noexcept {
        if (encoding != Encoding::log) return x;
        return x >= 0 ? log1p(x) : -log1p(-x);
    }

    /// Throws unless a stored feature is one that learn() can make.
    void check_part(std::size_t index, std::uint32_t first) const {
        const Feature& feature = features_[index];
        const auto require = [&](bool holds, const char* what) {
            if (!holds) throw InvalidArgument{"feature '" + feature.config.name + "': " + what};
        };
        const Encoding encoding = feature.config.encoding;
        const auto ascending = [](const auto& list) {
            return std::adjacent_find(list.begin(), list.end(),
                                      [](const auto& a, const auto& b) { return !(a < b); }) == list.end();
        };
        const auto finite = [](double x) { return x >= -1e300 && x <= 1e300; };
        require(feature.first == first, "stored with a wrong first column");
        require(feature.is_text == (encoding == Encoding::levels), "stored with a wrong type of input");
        require(encoding == Encoding::cross || feature.input < inputs_.size(), "stored without an input");
        for (const Feature& other : features_) {
            require(encoding == Encoding::cross || other.config.encoding == Encoding::cross ||
                        other.input != feature.input || other.is_text == feature.is_text,
                    "stored with an input of two types");
        }
        require(finite(feature.mean) && finite(feature.scale) && finite(feature.least) && finite(feature.most) &&
                    feature.least <= feature.most,
                "stored with a wrong range");
        require(std::all_of(feature.edges.begin(), feature.edges.end(), finite) && ascending(feature.edges),
                "stored with wrong edges");
        require(ascending(feature.levels), "stored with wrong levels");
        const std::uint64_t missing = feature.has_missing ? 1 : 0;
        std::uint64_t count = 0;
        switch (encoding) {
            case Encoding::linear:
            case Encoding::log:
                count = 1 + missing;
                break;
            case Encoding::bins:
                count = feature.edges.size() + 1 + missing;
                break;
            case Encoding::steps:
                count = feature.edges.size() + missing;
                break;
            case Encoding::levels:
                count = feature.levels.size() + (feature.has_other ? 1 : 0) + missing;
                break;
            case Encoding::cross: {
                require(feature.of[0] < index && feature.of[1] < index && feature.of[0] != feature.of[1] &&
                            features_[feature.of[0]].config.encoding != Encoding::cross &&
                            features_[feature.of[1]].config.encoding != Encoding::cross,
                        "stored as a cross of what it cannot cross");
                require(feature.cells.size() ==
                            std::size_t{features_[feature.of[0]].count} * features_[feature.of[1]].count,
                        "stored with a wrong number of products");
                for (const std::uint32_t cell : feature.cells) {
                    if (cell != 0) require(cell == ++count, "stored with wrong products");
                }
                require(!feature.has_missing, "stored as a cross with missing values");
                break;
            }
        }
        require(feature.count == count, "stored with a wrong number of columns");
    }

    void add(const FeatureConfig& config, const FeatureTable& table) {
        Feature feature{config};
        if (feature.config.name.empty()) feature.config.name = config.input;
        if (feature.config.name.empty()) fail(config, "a name or an input is needed");
        for (const Feature& other : features_) {
            if (other.config.name == feature.config.name) fail(config, "stands twice");
        }
        if (config.quantiles < 2 || config.quantiles > 100) fail(config, "quantiles must be 2 to 100");
        const bool may_be_monotone = config.encoding == Encoding::linear || config.encoding == Encoding::log ||
                                     config.encoding == Encoding::steps;
        if (config.monotone != Monotone::free && !may_be_monotone) {
            fail(config, "only linear, log and steps can be monotone");
        }
        if (config.encoding == Encoding::cross) {
            learn_cross(feature, table);
        } else {
            if (!config.of.empty()) fail(config, "`of` is for crosses alone");
            constexpr std::string_view prefix = "attribute:";
            const std::string_view input = config.input;
            if (config.reason.empty() &&
                is_special_category(input.starts_with(prefix) ? input.substr(prefix.size()) : input)) {
                fail(config, "a special category of personal data (GDPR, article 9) needs a reason");
            }
            learn(feature, table.input(config.input));
        }
        feature.first = features_.empty() ? 0 : features_.back().first + features_.back().count;
        features_.push_back(std::move(feature));
    }

    void learn(Feature& feature, const FeatureTable::Input& input) {
        const FeatureConfig& config = feature.config;
        feature.is_text = config.encoding == Encoding::levels;
        if (input.is_text != feature.is_text) {
            fail(config, std::string{"its input must be "} + (feature.is_text ? "text" : "a number"));
        }
        const auto known = std::find(inputs_.begin(), inputs_.end(), config.input);
        feature.input = static_cast<std::uint32_t>(known - inputs_.begin());
        if (known == inputs_.end()) inputs_.push_back(config.input);

        std::vector<double> values;  // that are not missing
        for (const double value : input.values) {
            if (value != value) {
                feature.has_missing = true;
            } else {
                // Beyond this, means and products would leave what a double can hold.
                if (!feature.is_text && !(value >= -1e150 && value <= 1e150)) {
                    fail(config, "values must be finite, in [-1e150, 1e150]");
                }
                values.push_back(transformed(config.encoding, value));
            }
        }
        const std::uint32_t missing = feature.has_missing ? 1 : 0;
        switch (config.encoding) {
            case Encoding::linear:
            case Encoding::log:
                learn_scale(feature, values);
                feature.count = 1 + missing;
                break;
            case Encoding::bins:
            case Encoding::steps:
                learn_edges(feature, values);
                feature.count = static_cast<std::uint32_t>(feature.edges.size()) +
                                (config.encoding == Encoding::bins ? 1U : 0U) + missing;
                break;
            case Encoding::levels: {
                std::vector<std::uint32_t> counts(input.levels.size(), 0);
                for (const double value : values) ++counts[static_cast<std::size_t>(value)];
                for (std::size_t level = 0; level < counts.size(); ++level) {
                    if (counts[level] >= std::max(config.least_rows, 1U)) {
                        feature.levels.push_back(input.levels[level]);
                    } else {
                        feature.has_other |= counts[level] > 0;
                    }
                }
                std::sort(feature.levels.begin(), feature.levels.end());
                feature.count =
                    static_cast<std::uint32_t>(feature.levels.size()) + (feature.has_other ? 1U : 0U) + missing;
                break;
            }
            case Encoding::cross:
                break;
        }
    }
    /// Mean and deviation in two passes, in the order of the rows.
    static void learn_scale(Feature& feature, const std::vector<double>& values) {
        if (values.empty()) return;
        double sum = 0;
        for (const double value : values) sum += value;
        feature.mean = sum / static_cast<double>(values.size());
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        feature.least = *least;
        feature.most = *most;
        const double range = feature.most - feature.least;
        if (!(range > 0)) return;
        double squares = 0;  // in units of the range, so that none is too large or too small for a double
        for (const double value : values) {
            const double away = (value - feature.mean) / range;
            squares += away * away;
        }
        feature.scale = 1 / (range * std::sqrt(squares / static_cast<double>(values.size())));
    }
    static void learn_edges(Feature& feature, std::vector<double>& values) {
        const FeatureConfig& config = feature.config;
        if (!config.edges.empty()) {
            for (std::size_t i = 0; i < config.edges.size(); ++i) {
                if (!(config.edges[i] - config.edges[i] == 0) || (i > 0 && !(config.edges[i] > config.edges[i - 1]))) {
                    fail(config, "edges must be finite and ascending");
                }
            }
            feature.edges = config.edges;
            return;
        }
        // The value at each k/n of the sorted rows; ties make fewer bins.
        std::sort(values.begin(), values.end());
        for (std::uint32_t k = 1; k < config.quantiles && !values.empty(); ++k) {
            const double edge = values[values.size() * k / config.quantiles];
            if (edge > values.front() && (feature.edges.empty() || edge > feature.edges.back())) {
                feature.edges.push_back(edge);
            }
        }
    }
    void learn_cross(Feature& feature, const FeatureTable& table) {
        const FeatureConfig& config = feature.config;
        if (!config.input.empty()) fail(config, "a cross has no input of its own");
        if (config.of.size() != 2) fail(config, "`of` must name two features");
        for (std::size_t i = 0; i < 2; ++i) {
            const auto found = std::find_if(features_.begin(), features_.end(), [&](const Feature& other) {
                return other.config.name == config.of[i] && other.config.encoding != Encoding::cross;
            });
            if (found == features_.end()) {
                fail(config, "'" + config.of[i] + "' is no feature before it, or a cross itself");
            }
            feature.of[i] = static_cast<std::uint32_t>(found - features_.begin());
        }
        const Feature& a = features_[feature.of[0]];
        const Feature& b = features_[feature.of[1]];
        if (feature.of[0] == feature.of[1]) fail(config, "`of` must name two different features");
        const std::size_t products = std::size_t{a.count} * b.count;
        if (products > 100'000) fail(config, "more than 100000 products");
        // How many training rows have each product.
        std::vector<std::uint32_t> rows(products, 0);
        name_columns();  // codes of the texts so far
        const FeatureTable::Input& input_a = table.input(a.config.input);
        const FeatureTable::Input& input_b = table.input(b.config.input);
        Row row;
        const auto value_of = [&](const Feature& f, const FeatureTable::Input& input, std::size_t r) {
            const double value = input.values[r];
            return f.is_text && value == value ? code(f.input, input.levels[static_cast<std::size_t>(value)]) : value;
        };
        for (std::size_t r = 0; r < table.rows; ++r) {
            row.columns.clear();
            row.values.clear();
            encode_one(a, value_of(a, input_a, r), row);
            const std::size_t middle = row.columns.size();
            encode_one(b, value_of(b, input_b, r), row);
            for (std::size_t i = 0; i < middle; ++i) {
                for (std::size_t j = middle; j < row.columns.size(); ++j) {
                    ++rows[std::size_t{row.columns[i] - a.first} * b.count + (row.columns[j] - b.first)];
                }
            }
        }
        feature.cells.assign(products, 0);
        for (std::size_t product = 0; product < products; ++product) {
            if (rows[product] >= std::max(config.least_rows, 1U)) feature.cells[product] = ++feature.count;
        }
    }

    static void put(Row& row, std::uint32_t column, double value) {
        if (value == 0) return;
        row.columns.push_back(column);
        row.values.push_back(value);
    }
    /// False if no training row was in the state that the input is in.
    bool encode_one(const Feature& feature, double value, Row& row) const {
        const Encoding encoding = feature.config.encoding;
        if (value != value) {
            if (feature.has_missing) put(row, feature.first + feature.count - 1, 1);
            return feature.has_missing;
        }
        switch (encoding) {
            case Encoding::linear:
            case Encoding::log: {
                const double x = std::clamp(transformed(encoding, value), feature.least, feature.most);
                put(row, feature.first, (x - feature.mean) * feature.scale);
                break;
            }
            case Encoding::bins: {
                const auto edge = std::upper_bound(feature.edges.begin(), feature.edges.end(), value);
                put(row, feature.first + static_cast<std::uint32_t>(edge - feature.edges.begin()), 1);
                break;
            }
            case Encoding::steps:
                for (std::size_t i = 0; i < feature.edges.size() && value >= feature.edges[i]; ++i) {
                    put(row, feature.first + static_cast<std::uint32_t>(i), 1);
                }
                break;
            case Encoding::levels: {
                const auto& columns = level_columns_[static_cast<std::size_t>(&feature - features_.data())];
                if (value >= static_cast<double>(columns.size())) fail(feature.config, "a text's value is no code()");
                const std::uint32_t column = value < 0 ? 0 : columns[static_cast<std::size_t>(value)];
                if (column != 0) {
                    put(row, feature.first + column - 1, 1);
                } else if (feature.has_other) {
                    put(row, feature.first + static_cast<std::uint32_t>(feature.levels.size()), 1);
                }
                return column != 0 || feature.has_other;
            }
            case Encoding::cross:
                break;
        }
        return true;
    }
    void encode_cross(const Feature& feature, Row& row) const {
        const auto range = [&](std::uint32_t f) {
            // A crossed feature stands before the cross, so its end is known.
            return std::pair<std::size_t, std::size_t>{row.starts[f], row.starts[f + 1]};
        };
        const Feature& a = features_[feature.of[0]];
        const Feature& b = features_[feature.of[1]];
        const auto [first_a, end_a] = range(feature.of[0]);
        const auto [first_b, end_b] = range(feature.of[1]);
        for (std::size_t i = first_a; i < end_a; ++i) {
            for (std::size_t j = first_b; j < end_b; ++j) {
                const std::uint32_t cell =
                    feature.cells[std::size_t{row.columns[i] - a.first} * b.count + (row.columns[j] - b.first)];
                if (cell != 0) put(row, feature.first + cell - 1, row.values[i] * row.values[j]);
            }
        }
    }
    /// Everything that follows from the features: names, signs, codes of texts.
    void name_columns() {
        names_.clear();
        signs_.clear();
        text_codes_.assign(inputs_.size(), {});
        level_columns_.assign(features_.size(), {});
        for (const Feature& feature : features_) {
            if (!feature.is_text) continue;
            TextCodes& codes = text_codes_[feature.input];
            codes.is_text = true;
            for (const std::string& level : feature.levels) codes.numbers.emplace(level, 0U);
        }
        for (TextCodes& codes : text_codes_) {
            std::uint32_t number = 0;
            for (auto& entry : codes.numbers) entry.second = number++;
        }
        for (std::size_t f = 0; f < features_.size(); ++f) {
            const Feature& feature = features_[f];
            if (feature.is_text) {
                level_columns_[f].assign(text_codes_[feature.input].numbers.size(), 0);
                for (std::size_t level = 0; level < feature.levels.size(); ++level) {
                    const std::uint32_t number = text_codes_[feature.input].numbers.find(feature.levels[level])->second;
                    level_columns_[f][number] = static_cast<std::uint32_t>(level) + 1;
                }
            }
            const std::vector<std::string> own = own_names(feature);
            names_.insert(names_.end(), own.begin(), own.end());
            // A missing value is neither high nor low.
            for (std::uint32_t i = 0; i < feature.count; ++i) {
                const bool is_missing = feature.has_missing && i + 1 == feature.count;
                const Monotone monotone = is_missing ? Monotone::free : feature.config.monotone;
                signs_.push_back(monotone == Monotone::rising    ? CoefficientSign::not_negative
                                 : monotone == Monotone::falling ? CoefficientSign::not_positive
                                                                 : CoefficientSign::free);
            }
        }
    }
    [[nodiscard]] std::vector<std::string> own_names(const Feature& feature) const {
        const std::string& name = feature.config.name;
        std::vector<std::string> names;
        switch (feature.config.encoding) {
            case Encoding::linear:
                names.push_back(name);
                break;
            case Encoding::log:
                names.push_back("log " + name);
                break;
            case Encoding::bins:
                if (feature.edges.empty()) {
                    names.push_back(name);
                    break;
                }
                names.push_back(name + " < " + shortest(feature.edges.front()));
                for (std::size_t i = 0; i + 1 < feature.edges.size(); ++i) {
                    names.push_back(name + " in [" + shortest(feature.edges[i]) + ", " +
                                    shortest(feature.edges[i + 1]) + ")");
                }
                names.push_back(name + " >= " + shortest(feature.edges.back()));
                break;
            case Encoding::steps:
                for (const double edge : feature.edges) names.push_back(name + " >= " + shortest(edge));
                break;
            case Encoding::levels:
                for (const std::string& level : feature.levels) names.push_back((name + "=").append(level));
                if (feature.has_other) names.push_back(name + " rare");
                break;
            case Encoding::cross: {
                const std::vector<std::string> a = own_names(features_[feature.of[0]]);
                const std::vector<std::string> b = own_names(features_[feature.of[1]]);
                names.resize(feature.count);
                for (std::size_t product = 0; product < feature.cells.size(); ++product) {
                    if (feature.cells[product] == 0) continue;
                    names[feature.cells[product] - 1] = a[product / b.size()] + " & " + b[product % b.size()];
                }
                return names;
            }
        }
        if (feature.has_missing) names.push_back(name + " missing");
        return names;
    }
    /// The shortest text that reads back as the same number.
    static std::string shortest(double number) {
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
        return {text.data(), end};
    }

    std::vector<std::string> inputs_;
    std::vector<Feature> features_;
    std::vector<std::string> names_;                         // of the columns
    std::vector<CoefficientSign> signs_;                     // of the columns
    std::vector<TextCodes> text_codes_;                      // by input
    std::vector<std::vector<std::uint32_t>> level_columns_;  // by feature and code: column + 1 within it, 0 = rare
};

}  // namespace alloquy::score

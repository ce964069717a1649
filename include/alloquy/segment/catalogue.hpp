#pragma once

/// \file
/// Catalogue: the named, typed fields that conditions may read. The engine supplies it; segments depend on no other
/// floor.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/segment/condition.hpp>

namespace alloquy::segment {

/// What a field's values are.
enum class FieldType : std::uint8_t {
    number,
    text,
    any,  ///< Of an attribute: number, text, truth or day, as it was stated.
};

/// What the value of a field does while no fact comes in.
enum class Motion : std::uint8_t {
    steady,   ///< Nothing.
    jumps,    ///< Changes at instants that are known beforehand, such as the end of a role; steady between them.
    ageing,   ///< Rises by 1 a day, between such instants.
    nearing,  ///< Falls by 1 a day, likewise.
    falling,  ///< Falls towards 0, at most as fast as its half-life.
    /// Moves in other ways: conditions see it as of the start of the hour (UTC), or as of the person's latest fact
    /// where that is later, so that it turns at instants that can be told.
    hourly,
};

/// One field.
struct Field {
    std::string name;
    FieldType type;
    Motion motion = Motion::steady;

    friend bool operator==(const Field&, const Field&) = default;
};

/// The fields that facts of a kind have. `text` of interactions is personal and is only looked at: `contains`, `starts
/// with`, `ends with`, `like`, `matches` and `is known`.
[[nodiscard]] inline const std::vector<Field>& fact_fields(FactKind kind) {
    constexpr FieldType text = FieldType::text;
    static const std::array<std::vector<Field>, 6> all{{
        // interactions
        {{"channel", text},
         {"act", text},
         {"direction", text},
         {"topic", text},
         {"language", text},
         {"actor", text},
         {"team", text},
         {"purpose", text},
         {"action", text},
         {"tone", text},
         {"text", text},
         {"quantity", FieldType::number}},
        // results
        {{"assessment", text}, {"fraction", FieldType::number}},
        // obligations
        {{"kind", text}, {"step", text}, {"weight", FieldType::number}},
        // dialogues
        {{"step", text}, {"topic", text}, {"team", text}, {"tone", text}},
        // enrolments
        {{"programme", text}, {"status", text}},
        // consents
        {{"purpose", text}, {"channel", text}, {"decision", text}},
    }};
    return all[static_cast<std::size_t>(kind)];
}
/// The field of that name, or nothing.
[[nodiscard]] inline std::optional<FieldType> fact_field_type(FactKind kind, std::string_view name) {
    for (const Field& field : fact_fields(kind)) {
        if (field.name == name) return field.type;
    }
    return std::nullopt;
}

/// What stands before the name of an attribute.
inline constexpr std::string_view attribute_prefix = "attribute:";

/// The fields in their order; besides them there is `attribute:<name>` for any name.
class Catalogue {
public:
    /// \throws InvalidArgument  if a name is empty or stands twice.
    explicit Catalogue(std::vector<Field> fields) : fields_{std::move(fields)} {
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            if (fields_[i].name.empty() || !places_.try_emplace(fields_[i].name, i).second) {
                throw InvalidArgument{"Catalogue: field '" + fields_[i].name + "' has no name or stands twice"};
            }
        }
    }
    [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }
    /// Place of a field among fields(), or nothing; nothing for attributes.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const {
        const auto found = places_.find(name);
        return found == places_.end() ? std::nullopt : std::optional{found->second};
    }
    /// The type of a field or attribute, or nothing where there is none.
    [[nodiscard]] std::optional<FieldType> type_of(std::string_view name) const {
        if (const auto place = find(name)) return fields_[*place].type;
        const bool is_attribute = name.starts_with(attribute_prefix) && name.size() > attribute_prefix.size();
        return is_attribute ? std::optional{FieldType::any} : std::nullopt;
    }

private:
    std::vector<Field> fields_;
    std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace alloquy::segment

template <>
struct alloquy::model::EnumNames<alloquy::segment::FieldType> {
    static constexpr std::array<std::string_view, 3> values{"number", "text", "any"};
};

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

namespace alloquy::segment {

/// What a field's values are.
enum class FieldType : std::uint8_t {
    number,
    text,
    any,  ///< Of an attribute: number, text, truth or day, as it was stated.
};

/// One field.
struct Field {
    std::string name;
    FieldType type;

    friend bool operator==(const Field&, const Field&) = default;
};

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

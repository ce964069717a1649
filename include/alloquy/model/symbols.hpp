#pragma once

/// \file
/// Symbols: interned vocabularies (channels, topics, purposes …), so that facts compare and copy as small numbers.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/error.hpp>

namespace alloquy::model {

/// One word of a vocabulary. Comparable for equality only: a symbol's number says in which order words were first
/// met, so nothing may be ordered or hashed into a result by it; take the text from the Vocabulary for that.
template <class Tag>
class Symbol {
public:
    explicit constexpr Symbol(std::uint16_t number) noexcept : number_{number} {}
    /// 1 to 65,535; an index for tables that live as long as the vocabulary.
    [[nodiscard]] constexpr std::uint16_t number() const noexcept { return number_; }
    friend constexpr bool operator==(Symbol, Symbol) = default;

private:
    std::uint16_t number_;
};

/// Longest text of a symbol, bytes of UTF-8.
inline constexpr std::size_t max_symbol_bytes = 255;

/// The words of one kind, each with its number. Holds names of policy, never personal values.
template <class Tag>
class Vocabulary {
public:
    /// The symbol for a text, made on first use.
    /// \throws InvalidArgument  if the text is empty or longer than max_symbol_bytes, or 65,535 words are there.
    Symbol<Tag> intern(std::string_view text) {
        if (const auto found = numbers_.find(text); found != numbers_.end()) return Symbol<Tag>{found->second};
        if (text.empty() || text.size() > max_symbol_bytes) {
            throw InvalidArgument{"Vocabulary: a name must have 1 to " + std::to_string(max_symbol_bytes) +
                                  " bytes, got " + std::to_string(text.size())};
        }
        if (texts_.size() == 65'535) throw InvalidArgument{"Vocabulary: more than 65535 names of one kind"};
        texts_.emplace_back(text);
        const auto number = static_cast<std::uint16_t>(texts_.size());
        numbers_.emplace(texts_.back(), number);
        return Symbol<Tag>{number};
    }
    [[nodiscard]] std::optional<Symbol<Tag>> find(std::string_view text) const {
        const auto found = numbers_.find(text);
        return found == numbers_.end() ? std::nullopt : std::optional{Symbol<Tag>{found->second}};
    }
    /// \throws InvalidArgument  if the symbol is of another, longer vocabulary.
    [[nodiscard]] const std::string& text(Symbol<Tag> symbol) const {
        if (symbol.number() == 0 || symbol.number() > texts_.size()) {
            throw InvalidArgument{"Vocabulary: no symbol with number " + std::to_string(symbol.number())};
        }
        return texts_[symbol.number() - 1U];
    }
    [[nodiscard]] std::size_t size() const noexcept { return texts_.size(); }
    /// All texts; element i belongs to the symbol with number i + 1.
    [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }

private:
    std::vector<std::string> texts_;
    std::map<std::string, std::uint16_t, std::less<>> numbers_;
};

using Source = Symbol<struct SourceTag>;                ///< Which system a fact came from.
using Channel = Symbol<struct ChannelTag>;              ///< E-mail, phone, learning platform …
using Topic = Symbol<struct TopicTag>;                  ///< What an interaction is about.
using Language = Symbol<struct LanguageTag>;            ///< BCP 47 tag, such as "nl" or "pt-BR".
using Purpose = Symbol<struct PurposeTag>;              ///< What personal data are used for; has a legal basis.
using Programme = Symbol<struct ProgrammeTag>;          ///< A study programme, course or presentation.
using Site = Symbol<struct SiteTag>;                    ///< Campus or location.
using Team = Symbol<struct TeamTag>;                    ///< A department or team of staff.
using ActionName = Symbol<struct ActionNameTag>;        ///< A dialogue action of the playbook.
using AttributeName = Symbol<struct AttributeNameTag>;  ///< Name of an attribute of a person.
using ObligationKind = Symbol<struct ObligationTag>;    ///< An unpaid fee, a missing document …
using Assessment = Symbol<struct AssessmentTag>;        ///< An examination or assignment that gives a result.

/// All vocabularies of one institution.
struct Symbols {
    Vocabulary<SourceTag> sources;
    Vocabulary<ChannelTag> channels;
    Vocabulary<TopicTag> topics;
    Vocabulary<LanguageTag> languages;
    Vocabulary<PurposeTag> purposes;
    Vocabulary<ProgrammeTag> programmes;
    Vocabulary<SiteTag> sites;
    Vocabulary<TeamTag> teams;
    Vocabulary<ActionNameTag> actions;
    Vocabulary<AttributeNameTag> attributes;
    Vocabulary<ObligationTag> obligations;
    Vocabulary<AssessmentTag> assessments;

    /// Calls visit(index, vocabulary) for each, in a fixed order that stored files rely on: only ever append.
    template <class Self, class Visit>
    static void for_each(Self& self, Visit&& visit) {
        visit(0, self.sources);
        visit(1, self.channels);
        visit(2, self.topics);
        visit(3, self.languages);
        visit(4, self.purposes);
        visit(5, self.programmes);
        visit(6, self.sites);
        visit(7, self.teams);
        visit(8, self.actions);
        visit(9, self.attributes);
        visit(10, self.obligations);
        visit(11, self.assessments);
    }
};

}  // namespace alloquy::model

template <class Tag>
struct std::hash<alloquy::model::Symbol<Tag>> {
    [[nodiscard]] std::size_t operator()(alloquy::model::Symbol<Tag> symbol) const noexcept { return symbol.number(); }
};

#include "codec.hpp"

#include <sodium.h>

#include <bit>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace alloquy::store::detail {
namespace {

using model::Act;
using model::ActionName;
using model::ActorKind;
using model::Assessment;
using model::Attribute;
using model::AttributeName;
using model::AttributeStatement;
using model::Channel;
using model::ConsentDecision;
using model::ConsentStatement;
using model::DialogueChange;
using model::DialogueStep;
using model::Direction;
using model::EnrolmentChange;
using model::EnrolmentStatus;
using model::enum_size;
using model::Fact;
using model::FactContent;
using model::Interaction;
using model::Language;
using model::ObligationChange;
using model::ObligationKind;
using model::ObligationStep;
using model::Programme;
using model::Purpose;
using model::RelationChange;
using model::RelationEnd;
using model::RelationKind;
using model::Result;
using model::RoleChange;
using model::RoleKind;
using model::Site;
using model::Symbol;
using model::Symbols;
using model::Team;
using model::Tone;
using model::Topic;

constexpr char payload_version = 1;

void put_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80U) {
        out += static_cast<char>((value & 0x7FU) | 0x80U);
        value >>= 7U;
    }
    out += static_cast<char>(value);
}

constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
    return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
}
constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
}

template <class Number>
void put_fixed(std::string& out, Number value) {
    std::array<char, sizeof(Number)> bytes;
    auto rest = static_cast<std::make_unsigned_t<Number>>(value);
    for (char& byte : bytes) {
        byte = static_cast<char>(rest & 0xFFU);
        if constexpr (sizeof(Number) > 1) rest = static_cast<std::make_unsigned_t<Number>>(rest >> 8U);
    }
    out.append(bytes.data(), bytes.size());
}

/// Writes the compact form.
struct Encoder {
    std::string& out;

    void flags(std::initializer_list<bool> bits) {
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (const bool bit : bits) value |= std::uint64_t{bit} << shift++;
        put_varint(out, value);
    }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void put(Enum value) { out += static_cast<char>(value); }
    template <class Tag>
    void put(Symbol<Tag> symbol) {
        put_varint(out, symbol.number());
    }
    template <class Tag>
    void put(Id<Tag> id) {
        put_varint(out, zigzag(id.value()));
    }
    void put(time::Instant instant) { put_varint(out, zigzag(instant.unix_ms())); }
    void put(std::uint32_t number) { put_varint(out, number); }
    void put(double number) { put_fixed(out, std::bit_cast<std::uint64_t>(number)); }
    void put(const std::string& text) {
        put_varint(out, text.size());
        out += text;
    }
    template <class Value>
    void put(const std::optional<Value>& value) {
        if (value) put(*value);
    }

    void operator()(const Interaction& i) {
        flags({i.direction == Direction::outbound, i.topic.has_value(), i.language.has_value(), i.team.has_value(),
               i.dialogue.has_value(), i.purpose.has_value(), i.action.has_value(), i.tone.has_value(), i.quantity != 1,
               !i.text.empty(), i.actor != ActorKind::person});
        put(i.channel);
        put(i.act);
        put(i.topic);
        put(i.language);
        put(i.team);
        put(i.dialogue);
        put(i.purpose);
        put(i.action);
        put(i.tone);
        if (i.quantity != 1) put(i.quantity);
        if (!i.text.empty()) put(i.text);
        if (i.actor != ActorKind::person) put(i.actor);
    }
    void operator()(const RoleChange& r) {
        flags({r.ended, r.programme.has_value(), r.site.has_value()});
        put(r.kind);
        put(r.programme);
        put(r.site);
    }
    void operator()(const AttributeStatement& s) {
        put_varint(out, s.attributes.size());
        for (const Attribute& attribute : s.attributes) {
            put(attribute.name);
            put_varint(out, attribute.value.index());
            std::visit(
                [&](const auto& value) {
                    using Value = std::remove_cvref_t<decltype(value)>;
                    if constexpr (std::is_same_v<Value, bool>) {
                        out += static_cast<char>(value);
                    } else if constexpr (std::is_same_v<Value, time::Day>) {
                        put_varint(out, zigzag(value.unix_days()));
                    } else if constexpr (!std::is_same_v<Value, std::monostate>) {
                        put(value);
                    }
                },
                attribute.value);
        }
    }
    void operator()(const ConsentStatement& c) {
        flags({c.channel.has_value(), !c.text_version.empty()});
        put(c.purpose);
        put(c.decision);
        put(c.channel);
        if (!c.text_version.empty()) put(c.text_version);
    }
    void operator()(const RelationChange& r) {
        flags({r.ended, std::holds_alternative<OrganisationId>(r.other)});
        put(r.kind);
        std::visit([&](auto id) { put(id); }, r.other);
    }
    void operator()(const DialogueChange& d) {
        flags({d.team.has_value(), d.topic.has_value(), d.tone.has_value()});
        put(d.dialogue);
        put(d.step);
        put(d.team);
        put(d.topic);
        put(d.tone);
    }
    void operator()(const EnrolmentChange& e) {
        put(e.programme);
        put(e.status);
    }
    void operator()(const Result& r) {
        put(r.assessment);
        put(r.fraction);
    }
    void operator()(const ObligationChange& o) {
        flags({!o.item.empty(), o.due.has_value(), o.weight.has_value()});
        put(o.kind);
        put(o.step);
        if (!o.item.empty()) put(o.item);
        put(o.due);
        put(o.weight);
    }
};

/// Reads the compact form.
class Decoder {
public:
    explicit Decoder(std::span<const std::byte> bytes) noexcept
        : next_{reinterpret_cast<const unsigned char*>(bytes.data())}, end_{next_ + bytes.size()} {}

    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const unsigned byte = this->byte();
            if (shift == 63 && byte > 1) throw DamagedPayload{};
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80U) return value;
        }
        throw DamagedPayload{};
    }
    unsigned byte() {
        if (next_ == end_) throw DamagedPayload{};
        return *next_++;
    }
    unsigned flags(unsigned count) {
        const std::uint64_t value = varint();
        if (value >> count != 0) throw DamagedPayload{};
        return static_cast<unsigned>(value);
    }
    template <class Enum>
    Enum enumerator() {
        const unsigned value = byte();
        if (value >= enum_size<Enum>) throw DamagedPayload{};
        return static_cast<Enum>(value);
    }
    template <class Sym>
    Sym symbol() {
        const std::uint64_t number = varint();
        if (number == 0 || number > 0xFFFFU) throw DamagedPayload{};
        return Sym{static_cast<std::uint16_t>(number)};
    }
    std::int64_t integer() { return unzigzag(varint()); }
    time::Instant instant() {
        const std::int64_t unix_ms = integer();
        if (unix_ms < time::Instant::min_unix_ms || unix_ms > time::Instant::max_unix_ms) throw DamagedPayload{};
        return time::Instant::from_unix_ms(unix_ms);
    }
    double number() {
        std::uint64_t bits = 0;
        for (unsigned shift = 0; shift < 64; shift += 8) bits |= std::uint64_t{byte()} << shift;
        return std::bit_cast<double>(bits);
    }
    std::string text() {
        const std::uint64_t size = varint();
        if (size > static_cast<std::uint64_t>(end_ - next_)) throw DamagedPayload{};
        std::string text{reinterpret_cast<const char*>(next_), static_cast<std::size_t>(size)};
        next_ += size;
        return text;
    }
    template <class Sym>
    std::optional<Sym> symbol_if(bool there) {
        return there ? std::optional{symbol<Sym>()} : std::nullopt;
    }
    void end() const {
        if (next_ != end_) throw DamagedPayload{};
    }
    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - next_); }

private:
    const unsigned char* next_;
    const unsigned char* end_;
};

Interaction decode_interaction(Decoder& in) {
    const unsigned flags = in.flags(11);
    const auto has = [&](unsigned bit) { return (flags >> bit & 1U) != 0; };
    const auto channel = in.symbol<Channel>();
    const auto act = in.enumerator<Act>();
    Interaction i{.channel = channel, .act = act, .direction = has(0) ? Direction::outbound : Direction::inbound};
    i.topic = in.symbol_if<Topic>(has(1));
    i.language = in.symbol_if<Language>(has(2));
    i.team = in.symbol_if<Team>(has(3));
    if (has(4)) i.dialogue = DialogueId{in.integer()};
    i.purpose = in.symbol_if<Purpose>(has(5));
    i.action = in.symbol_if<ActionName>(has(6));
    if (has(7)) i.tone = in.enumerator<Tone>();
    if (has(8)) {
        const std::uint64_t quantity = in.varint();
        if (quantity > 0xFFFF'FFFFU) throw DamagedPayload{};
        i.quantity = static_cast<std::uint32_t>(quantity);
    }
    if (has(9)) i.text = in.text();
    if (has(10)) i.actor = in.enumerator<ActorKind>();
    return i;
}

RoleChange decode_role(Decoder& in) {
    const unsigned flags = in.flags(3);
    RoleChange role{.kind = in.enumerator<RoleKind>()};
    role.programme = in.symbol_if<Programme>((flags & 2U) != 0);
    role.site = in.symbol_if<Site>((flags & 4U) != 0);
    role.ended = (flags & 1U) != 0;
    return role;
}

AttributeStatement decode_attributes(Decoder& in) {
    const std::uint64_t count = in.varint();
    if (count > in.left()) throw DamagedPayload{};
    AttributeStatement statement;
    statement.attributes.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
        Attribute attribute{.name = in.symbol<AttributeName>(), .value = std::monostate{}};
        switch (in.varint()) {
            case 0:
                break;
            case 1: {
                const unsigned value = in.byte();
                if (value > 1) throw DamagedPayload{};
                attribute.value = value == 1;
                break;
            }
            case 2:
                attribute.value = in.number();
                break;
            case 3: {
                const std::int64_t days = in.integer();
                if (days < time::Day::min_unix_days || days > time::Day::max_unix_days) throw DamagedPayload{};
                attribute.value = time::Day::from_unix_days(days);
                break;
            }
            case 4:
                attribute.value = in.text();
                break;
            default:
                throw DamagedPayload{};
        }
        statement.attributes.push_back(std::move(attribute));
    }
    return statement;
}

ConsentStatement decode_consent(Decoder& in) {
    const unsigned flags = in.flags(2);
    const auto purpose = in.symbol<Purpose>();
    ConsentStatement consent{.purpose = purpose, .decision = in.enumerator<ConsentDecision>()};
    consent.channel = in.symbol_if<Channel>((flags & 1U) != 0);
    if ((flags & 2U) != 0) consent.text_version = in.text();
    return consent;
}

RelationChange decode_relation(Decoder& in) {
    const unsigned flags = in.flags(2);
    const auto kind = in.enumerator<RelationKind>();
    const std::int64_t id = in.integer();
    const RelationEnd other = (flags & 2U) != 0 ? RelationEnd{OrganisationId{id}} : RelationEnd{PersonId{id}};
    return {.kind = kind, .other = other, .ended = (flags & 1U) != 0};
}

DialogueChange decode_dialogue(Decoder& in) {
    const unsigned flags = in.flags(3);
    const DialogueId dialogue{in.integer()};
    DialogueChange change{.dialogue = dialogue, .step = in.enumerator<DialogueStep>()};
    change.team = in.symbol_if<Team>((flags & 1U) != 0);
    change.topic = in.symbol_if<Topic>((flags & 2U) != 0);
    if ((flags & 4U) != 0) change.tone = in.enumerator<Tone>();
    return change;
}

ObligationChange decode_obligation(Decoder& in) {
    const unsigned flags = in.flags(3);
    const auto kind = in.symbol<ObligationKind>();
    ObligationChange change{.kind = kind, .step = in.enumerator<ObligationStep>()};
    if ((flags & 1U) != 0) change.item = in.text();
    if ((flags & 2U) != 0) change.due = in.instant();
    if ((flags & 4U) != 0) change.weight = in.number();
    return change;
}

FactContent decode_content(std::int64_t kind, Decoder& in) {
    switch (kind) {
        case 0:
            return decode_interaction(in);
        case 1:
            return decode_role(in);
        case 2:
            return decode_attributes(in);
        case 3:
            return decode_consent(in);
        case 4:
            return decode_relation(in);
        case 5:
            return decode_dialogue(in);
        case 6: {
            const auto programme = in.symbol<Programme>();
            return EnrolmentChange{.programme = programme, .status = in.enumerator<EnrolmentStatus>()};
        }
        case 7: {
            const auto assessment = in.symbol<Assessment>();
            return Result{.assessment = assessment, .fraction = in.number()};
        }
        case 8:
            return decode_obligation(in);
        default:
            throw DamagedPayload{};
    }
}
static_assert(std::variant_size_v<FactContent> == 9, "a new alternative needs its codec");

/// Writes the canonical form. Unlike the compact one it has one fixed place for each field.
struct Canon {
    std::string& out;
    const Symbols& symbols;

    template <class Enum>
    requires std::is_enum_v<Enum>
    void put(Enum value) { put_fixed(out, static_cast<std::uint8_t>(value)); }
    void put(bool value) { put_fixed(out, static_cast<std::uint8_t>(value)); }
    void put(Channel symbol) { put_text(out, symbols.channels.text(symbol)); }
    void put(Topic symbol) { put_text(out, symbols.topics.text(symbol)); }
    void put(Language symbol) { put_text(out, symbols.languages.text(symbol)); }
    void put(Purpose symbol) { put_text(out, symbols.purposes.text(symbol)); }
    void put(Programme symbol) { put_text(out, symbols.programmes.text(symbol)); }
    void put(Site symbol) { put_text(out, symbols.sites.text(symbol)); }
    void put(Team symbol) { put_text(out, symbols.teams.text(symbol)); }
    void put(ActionName symbol) { put_text(out, symbols.actions.text(symbol)); }
    void put(AttributeName symbol) { put_text(out, symbols.attributes.text(symbol)); }
    void put(ObligationKind symbol) { put_text(out, symbols.obligations.text(symbol)); }
    void put(Assessment symbol) { put_text(out, symbols.assessments.text(symbol)); }
    template <class Tag>
    void put(Id<Tag> id) {
        put_fixed(out, id.value());
    }
    void put(time::Instant instant) { put_fixed(out, instant.unix_ms()); }
    void put(time::Day day) { put_fixed(out, day.unix_days()); }
    void put(std::uint32_t number) { put_fixed(out, number); }
    void put(double number) { put_fixed(out, std::bit_cast<std::uint64_t>(number)); }
    void put(const std::string& text) { put_text(out, text); }
    void put(std::monostate) {}
    template <class Value>
    void put(const std::optional<Value>& value) {
        put(value.has_value());
        if (value) put(*value);
    }

    template <class... Values>
    void all(const Values&... values) {
        (put(values), ...);
    }

    void operator()(const Interaction& i) {
        all(i.channel, i.act, i.direction, i.topic, i.language, i.actor, i.team, i.dialogue, i.purpose, i.action,
            i.quantity, i.tone, i.text);
    }
    void operator()(const RoleChange& r) { all(r.kind, r.programme, r.site, r.ended); }
    void operator()(const AttributeStatement& s) {
        put(static_cast<std::uint32_t>(s.attributes.size()));
        for (const Attribute& attribute : s.attributes) {
            put(attribute.name);
            put_fixed(out, static_cast<std::uint8_t>(attribute.value.index()));
            std::visit([&](const auto& value) { put(value); }, attribute.value);
        }
    }
    void operator()(const ConsentStatement& c) { all(c.purpose, c.channel, c.decision, c.text_version); }
    void operator()(const RelationChange& r) {
        all(r.kind, std::holds_alternative<OrganisationId>(r.other));
        std::visit([&](auto id) { put(id); }, r.other);
        put(r.ended);
    }
    void operator()(const DialogueChange& d) { all(d.dialogue, d.step, d.team, d.topic, d.tone); }
    void operator()(const EnrolmentChange& e) { all(e.programme, e.status); }
    void operator()(const Result& r) { all(r.assessment, r.fraction); }
    /// The weight came with schema 2: without one the form is that of schema 1.
    void operator()(const ObligationChange& o) {
        all(o.kind, o.item, o.step, o.due);
        if (o.weight) put(*o.weight);
    }
};

}  // namespace

void put_text(std::string& out, std::string_view text) {
    put_fixed(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

void encode_payload(const FactContent& content, std::string& out) {
    out += payload_version;
    std::visit(Encoder{out}, content);
}

FactContent decode_payload(std::int64_t kind, std::span<const std::byte> payload) {
    Decoder in{payload};
    if (in.byte() != static_cast<unsigned>(payload_version)) throw DamagedPayload{};
    FactContent content = decode_content(kind, in);
    in.end();
    return content;
}

void canonical_bytes(const Fact& fact, const Symbols& symbols, std::string& out) {
    put_text(out, "alloquy.fact.1");
    put_fixed(out, fact.person.value());
    put_fixed(out, fact.at.unix_ms());
    put_fixed(out, fact.known_at.unix_ms());
    put_text(out, symbols.sources.text(fact.source));
    put_text(out, fact.key);
    put_fixed(out, static_cast<std::uint8_t>(fact.content.index()));
    std::visit(Canon{out, symbols}, fact.content);
}

Hash commitment_of(std::string_view canonical, std::span<const std::byte, key_bytes> key) {
    Hash commitment;
    crypto_generichash(reinterpret_cast<unsigned char*>(commitment.data()), commitment.size(),
                       reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(),
                       reinterpret_cast<const unsigned char*>(key.data()), key.size());
    return commitment;
}

}  // namespace alloquy::store::detail

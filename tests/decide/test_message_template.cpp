#include <alloquy/decide/message_template.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>

using alloquy::NotFound;
using alloquy::ParseError;
using alloquy::decide::Escaping;
using alloquy::decide::MessageTemplate;

namespace {

/// Values by name.
class Values {
public:
    explicit Values(std::map<std::string, std::string, std::less<>> values) : values_{std::move(values)} {}
    std::optional<std::string> operator()(std::string_view name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? std::nullopt : std::optional{found->second};
    }

private:
    std::map<std::string, std::string, std::less<>> values_;
};

std::string filled(std::string_view text, Escaping escaping = Escaping::none) {
    return MessageTemplate{text}.render(Values{{{"name", "N"}, {"due date", "1 May"}, {"sign", "<b>&\"'"}}}, escaping);
}

/// The problems of a text, a line each.
std::string problems(std::string_view text) {
    try {
        const MessageTemplate read{text};
    } catch (const ParseError& error) {
        std::string all;
        for (const auto& issue : error.issues()) {
            all += std::to_string(issue.line) + " " + issue.message.substr(0, issue.message.find(':')) + "\n";
        }
        return all;
    }
    return "none";
}

}  // namespace

TEST_SUITE("decide/message_template") {
    TEST_CASE("fields are replaced by values and all else stays") {
        CHECK(filled("") == "");
        CHECK(filled("no field") == "no field");
        CHECK(filled("Dear {{name}},\npay before {{ due date }}.") == "Dear N,\npay before 1 May.");
        CHECK(filled("{{name}}{{name}}") == "NN");
        CHECK(filled("a } b { c }} d {") == "a } b { c }} d {");
        CHECK(filled("Z\xc3\xbcrich {{name}}") == "Z\xc3\xbcrich N");
    }

    TEST_CASE("a backslash makes a brace or a backslash plain") {
        CHECK(filled("\\{{name}}") == "{{name}}");
        CHECK(filled("\\\\{{name}}") == "\\N");
        CHECK(filled("C:\\new\\") == "C:\\new\\");
    }

    TEST_CASE("a value is text: what looks like a field in it is not filled in again") {
        const MessageTemplate text{"{{a}}"};
        CHECK(text.render(Values{{{"a", "{{b}}"}, {"b", "secret"}}}) == "{{b}}");
    }

    TEST_CASE("a value cannot end or begin a tag where the medium is HTML, and the template's own tags stay") {
        CHECK(filled("<p>{{sign}}</p>", Escaping::html) == "<p>&lt;b&gt;&amp;&quot;&#39;</p>");
        CHECK(filled("<p>{{sign}}</p>") == "<p><b>&\"'</p>");
    }

    TEST_CASE("fields are listed once, in alphabetical order") {
        const MessageTemplate text{"{{b}} {{a}} {{b}}"};
        CHECK(std::vector(text.fields().begin(), text.fields().end()) == std::vector<std::string>{"a", "b"});
    }

    TEST_CASE("missing fields are named, and without them there is no text") {
        const MessageTemplate text{"{{b}} {{a}} {{c}}"};
        const Values values{{{"a", "private words"}}};
        CHECK(text.missing(values) == std::vector<std::string>{"b", "c"});
        CHECK_THROWS_WITH_AS((void)text.render(values), "message: no value for the fields 'b', 'c'", NotFound);
    }

    TEST_CASE("an empty value is a value") {
        CHECK(MessageTemplate{"[{{a}}]"}.render(Values{{{"a", ""}}}) == "[]");
    }

    TEST_CASE("every damaged place is told with line and column") {
        CHECK(problems("{{name") == "1 column 1\n");
        CHECK(problems("ok\n  {{}}") == "2 column 3\n");
        CHECK(problems("{{a{b}}") == "1 column 1\n");
        CHECK(problems("{{a}") == "1 column 1\n");
        CHECK(problems("{{a\nb}}") == "1 column 1\n");
        CHECK(problems("{{ }} {{x\n{{y") == "1 column 1\n1 column 7\n2 column 1\n");
        CHECK(problems("a\n\xff") == "2 column 1\n");
    }
}

#include <alloquy/io/zone_files.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/zone.hpp>

namespace {

/// A directory of its own that is gone afterwards.
class Directory {
public:
    explicit Directory(const std::string& name) : path_{std::filesystem::temp_directory_path() / name} {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_SUITE("io/zone_files") {
    TEST_CASE("a zone of the system's database is read by its name") {
        if (!std::filesystem::is_regular_file("/usr/share/zoneinfo/Europe/Amsterdam")) {
            MESSAGE("SKIPPED: no time zone database in /usr/share/zoneinfo");
            return;
        }
        const alloquy::time::Zone zone = alloquy::io::read_zone("Europe/Amsterdam");
        CHECK(zone.name() == "Europe/Amsterdam");
        // Directive 2000/84/EC: summer time in July, an hour ahead of UTC+1.
        CHECK(zone.offset_at(*alloquy::time::instant_from_iso("2026-07-01T00:00Z")).seconds == 7200);
        CHECK(zone == alloquy::io::read_zone("Europe/Amsterdam"));
        CHECK(alloquy::io::read_zone("Etc/GMT+5").offset_at(alloquy::time::Instant::latest()).seconds == -5 * 3600);
    }

    TEST_CASE("a name that could leave the directory is refused before any file is touched") {
        for (const std::string_view name :
             {std::string_view{""}, std::string_view{".."}, std::string_view{"../etc/passwd"},
              std::string_view{"Europe/../../etc/passwd"}, std::string_view{"/etc/passwd"},
              std::string_view{"Europe//Amsterdam"}, std::string_view{"Europe/"}, std::string_view{"Europe\\Amsterdam"},
              std::string_view{"Europe/Amster dam"}, std::string_view{"Europe/Amsterdam\0x", 18},
              std::string_view{"Europe/Amsterdam\n"}, std::string_view{"zone.tab"}, std::string_view{"-x"},
              std::string_view{"Europe/\xC3\xA9"}, std::string_view{"C:"}}) {
            CAPTURE(name);
            CHECK_THROWS_AS((void)alloquy::io::read_zone(name), alloquy::InvalidArgument);
        }
        CHECK_THROWS_AS((void)alloquy::io::read_zone(std::string(256, 'a')), alloquy::InvalidArgument);
    }

    TEST_CASE("a missing zone is named, with what to install") {
        const Directory directory{"alloquy_test_zone_files_missing"};
        std::filesystem::create_directories(directory.path() / "Europe");
        for (const char* const name : {"Europe/Nowhere", "Europe"}) {
            CAPTURE(name);
            try {
                static_cast<void>(alloquy::io::read_zone(name, directory.path()));
                FAIL("expected NotFound");
            } catch (const alloquy::NotFound& error) {
                const std::string_view text = error.what();
                CHECK(text.find(name) != std::string_view::npos);
                CHECK(text.find("tzdata") != std::string_view::npos);
            }
        }
    }

    TEST_CASE("a file that is not a zone is refused") {
        const Directory directory{"alloquy_test_zone_files_bad"};
        const auto write = [&](const char* name, const std::string& content) {
            std::ofstream{directory.path() / name, std::ios::binary} << content;
        };
        write("empty", "");
        write("text", std::string(100, 'x'));
        write("huge", "TZif" + std::string(2U << 20U, '\0'));
        for (const char* const name : {"empty", "text", "huge"}) {
            CAPTURE(name);
            CHECK_THROWS_AS((void)alloquy::io::read_zone(name, directory.path()), alloquy::ParseError);
        }
    }

    TEST_CASE("a zone that is looked for by a doubtful name is nothing rather than an error") {
        CHECK(alloquy::io::find_zone("Europe/Amsterdam").has_value());
        CHECK_FALSE(alloquy::io::find_zone("Europe/Atlantis").has_value());
        CHECK_FALSE(alloquy::io::find_zone("../../etc/passwd").has_value());
        CHECK_FALSE(alloquy::io::find_zone("").has_value());
        CHECK_THROWS_AS((void)alloquy::io::find_zone("Europe/Amsterdam", "/no/such/folder"), alloquy::NotFound);
    }
}

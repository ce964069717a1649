#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/io/byte_source.hpp>

namespace {

using alloquy::io::ByteSource;
using alloquy::io::from_memory;
using alloquy::io::open_file;

// gzip -9n of "hello, world\n" and of "second\n", made with GNU gzip 1.12 and checked with Python's gzip module.
constexpr std::array<unsigned char, 33> hello_gzip = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb,
                                                      0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0x28, 0xcf, 0x2f, 0xca, 0x49,
                                                      0xe1, 0x02, 0x00, 0x53, 0x74, 0x24, 0xf4, 0x0d, 0x00, 0x00, 0x00};
constexpr std::array<unsigned char, 27> second_gzip = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                                       0x03, 0x2b, 0x4e, 0x4d, 0xce, 0xcf, 0x4b, 0xe1, 0x02,
                                                       0x00, 0x7e, 0xc0, 0x0f, 0x06, 0x07, 0x00, 0x00, 0x00};

template <std::size_t Size>
std::string text_of(const std::array<unsigned char, Size>& bytes) {
    return {bytes.begin(), bytes.end()};
}

std::string read_all(ByteSource& source, std::size_t piece = 7) {
    std::string result;
    std::string buffer(piece, '\0');
    for (;;) {
        const std::size_t count = source.read(buffer);
        if (count == 0) return result;
        result.append(buffer, 0, count);
    }
}

std::string error_of(const std::string& bytes) {
    const auto source = from_memory(bytes, "clicks.csv.gz");
    try {
        (void)read_all(*source);
    } catch (const alloquy::ParseError& error) {
        return error.what();
    }
    return "no error";
}

/// Gives one byte at a time, as a slow pipe would.
class OneByOne final : public ByteSource {
public:
    explicit OneByOne(std::string bytes) : bytes_{std::move(bytes)} {}
    std::size_t read(std::span<char> into) override {
        if (at_ == bytes_.size()) return 0;
        into[0] = bytes_[at_++];
        return 1;
    }
    [[nodiscard]] alloquy::io::Progress progress() const noexcept override { return {at_, std::nullopt}; }
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

private:
    std::string bytes_;
    std::string name_ = "pipe";
    std::size_t at_ = 0;
};

/// A file that is gone at the end of the test.
class ScratchFile {
public:
    ScratchFile(const std::string& name, std::string_view bytes)
        : path_{std::filesystem::temp_directory_path() / name} {
        std::ofstream{path_, std::ios::binary}.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    ~ScratchFile() {
        std::error_code ignored;  // a file that is left behind in the scratch folder harms no test
        std::filesystem::remove(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_SUITE("io/byte_source") {
    TEST_CASE("plain bytes come through as they are, whatever the size of the pieces") {
        for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
            CAPTURE(piece);
            const auto source = from_memory("a,b\n1,2\n");
            CHECK(read_all(*source, piece) == "a,b\n1,2\n");
            CHECK(source->read(std::span{std::array<char, 4>{}.data(), 4}) == 0);  // the end stays the end
        }
    }

    TEST_CASE("an empty source, and one byte that looks like half of the gzip magic, are plain") {
        CHECK(read_all(*from_memory("")).empty());
        CHECK(read_all(*from_memory("\x1f")) == "\x1f");
        CHECK(read_all(*from_memory("\x1f\x1f\x8b")) == "\x1f\x1f\x8b");
    }

    TEST_CASE("gzip is told by its magic bytes and decompressed") {
        for (const std::size_t piece : {1U, 5U, 100U}) {
            CAPTURE(piece);
            CHECK(read_all(*from_memory(text_of(hello_gzip)), piece) == "hello, world\n");
        }
    }

    TEST_CASE("several gzip members in a row are one stream, and zero padding behind them is nothing") {
        // RFC 1952, section 2.2: a gzip file is a series of members.
        const std::string both = text_of(hello_gzip) + text_of(second_gzip);
        CHECK(read_all(*from_memory(both)) == "hello, world\nsecond\n");
        CHECK(read_all(*from_memory(both + std::string(512, '\0'))) == "hello, world\nsecond\n");
    }

    TEST_CASE("a source that gives single bytes is decompressed all the same") {
        const auto source =
            alloquy::io::decompressed(std::make_unique<OneByOne>(text_of(hello_gzip) + text_of(second_gzip)));
        CHECK(read_all(*source) == "hello, world\nsecond\n");
        CHECK(source->name() == "pipe");
        CHECK_FALSE(source->progress().total_bytes.has_value());
    }

    TEST_CASE("gzip data that are cut off anywhere are an error that names the file and the byte") {
        const std::string whole = text_of(hello_gzip);
        for (std::size_t size = 2; size < whole.size(); ++size) {
            CAPTURE(size);
            const std::string text = error_of(whole.substr(0, size));
            CHECK(text.find("clicks.csv.gz") != std::string::npos);
            CHECK(text.find("end early") != std::string::npos);
            CHECK(text.find("at byte " + std::to_string(size) + " of " + std::to_string(size)) != std::string::npos);
        }
        // Also within the second member.
        CHECK(error_of(whole + whole.substr(0, 20)).find("at byte 53 of 53") != std::string::npos);
    }

    TEST_CASE("a flipped bit in the data or the checksum is an error") {
        for (const std::size_t place : {2U, 12U, 25U, 30U}) {
            CAPTURE(place);
            std::string damaged = text_of(hello_gzip);
            damaged[place] = static_cast<char>(static_cast<unsigned char>(damaged[place]) ^ 0x10U);
            CHECK(error_of(damaged).find("damaged") != std::string::npos);
        }
    }

    TEST_CASE("something else behind the gzip data is an error, not silently dropped") {
        CHECK(error_of(text_of(hello_gzip) + "x").find("something else, at byte 33 of 34") != std::string::npos);
        CHECK(error_of(text_of(hello_gzip) + std::string(3, '\0') + text_of(second_gzip)).find("something else") !=
              std::string::npos);
    }

    TEST_CASE("progress counts compressed bytes and ends at the total") {
        const auto source = from_memory(text_of(hello_gzip));
        CHECK(source->progress().consumed_bytes == 0);
        CHECK(source->progress().total_bytes == 33);
        (void)read_all(*source);
        CHECK(source->progress().consumed_bytes == 33);

        const auto plain = from_memory("0123456789");
        std::array<char, 4> piece{};
        std::size_t taken = 0;
        while (taken < 4) taken += plain->read(std::span{piece}.subspan(taken));
        CHECK(plain->progress().consumed_bytes == 4);
        CHECK(plain->progress().total_bytes == 10);
    }

    TEST_CASE("a file is read, plain and gzip, and its name is its path") {
        const ScratchFile plain{"alloquy_test_byte_source.csv", "a\n1\n"};
        const ScratchFile packed{"alloquy_test_byte_source.csv.gz", text_of(hello_gzip)};
        const auto first = open_file(plain.path());
        CHECK(read_all(*first) == "a\n1\n");
        CHECK(first->name() == plain.path().string());
        CHECK(first->progress().total_bytes == 4);
        CHECK(read_all(*open_file(packed.path())) == "hello, world\n");
    }

    TEST_CASE("a missing file is NotFound and names the path") {
        try {
            (void)open_file("no/such/file.csv");
            FAIL("opened a file that is not there");
        } catch (const alloquy::NotFound& error) {
            CHECK(std::string_view{error.what()}.find("no/such/file.csv") != std::string_view::npos);
        }
        // A path through a file that is no folder is not there either.
        const ScratchFile file{"alloquy_test_byte_source_2.csv", ""};
        CHECK_THROWS_AS((void)open_file(file.path() / "inside.csv"), alloquy::NotFound);
    }

    TEST_CASE("a folder is no file") {
        CHECK_THROWS_AS((void)open_file(std::filesystem::temp_directory_path()), alloquy::Error);
    }

    TEST_CASE("a null source is the caller's mistake") {
        CHECK_THROWS_AS((void)alloquy::io::decompressed(nullptr), alloquy::InvalidArgument);
    }
}

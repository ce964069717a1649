#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include <alloquy/io/byte_source.hpp>

namespace alloquy::io {
namespace {

constexpr std::size_t input_bytes = std::size_t{1} << 16U;

class FileSource final : public ByteSource {
public:
    explicit FileSource(const std::filesystem::path& path) : name_{path.string()} {
        std::error_code code;
        const std::filesystem::file_status status = std::filesystem::status(path, code);
        if (status.type() == std::filesystem::file_type::not_found) throw NotFound{name_ + ": no such file"};
        if (std::filesystem::is_directory(status)) throw Error{name_ + ": is a directory, expected a file"};
        if (std::filesystem::is_regular_file(status)) {
            const std::uintmax_t size = std::filesystem::file_size(path, code);
            if (!code) total_ = size;
        }
        errno = 0;
        file_.reset(std::fopen(name_.c_str(), "rb"));
        if (!file_) {
            const int cause = errno;
            const std::string text = name_ + ": cannot be opened: " + std::generic_category().message(cause);
            if (cause == ENOENT) throw NotFound{text};
            throw Error{text};
        }
        // All reads are large, so a second buffer inside the C library would only copy once more.
        if (std::setvbuf(file_.get(), nullptr, _IONBF, 0) != 0) throw Error{name_ + ": cannot be prepared for reading"};
    }

    [[nodiscard]] std::size_t read(std::span<char> into) override {
        errno = 0;
        const std::size_t count = std::fread(into.data(), 1, into.size(), file_.get());
        if (count == 0 && std::ferror(file_.get()) != 0) {
            const int cause = errno;
            throw Error{name_ + ": cannot be read after byte " + std::to_string(consumed_) + ": " +
                        std::generic_category().message(cause)};
        }
        consumed_ += count;
        return count;
    }
    [[nodiscard]] Progress progress() const noexcept override { return {consumed_, total_}; }
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

private:
    struct Close {
        // Nothing was written, so closing has nothing to lose and its result says nothing.
        void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
    };
    std::string name_;
    std::unique_ptr<std::FILE, Close> file_;
    std::uint64_t consumed_ = 0;
    std::optional<std::uint64_t> total_;
};

class MemorySource final : public ByteSource {
public:
    MemorySource(std::string bytes, std::string name) : bytes_{std::move(bytes)}, name_{std::move(name)} {}

    [[nodiscard]] std::size_t read(std::span<char> into) override {
        const std::size_t count = std::min(into.size(), bytes_.size() - at_);
        std::copy_n(bytes_.data() + at_, count, into.data());
        at_ += count;
        return count;
    }
    [[nodiscard]] Progress progress() const noexcept override { return {at_, bytes_.size()}; }
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

private:
    std::string bytes_;
    std::string name_;
    std::size_t at_ = 0;
};

/// zlib's state for gzip members, freed at the end of its scope.
class Inflater {
public:
    Inflater() {
        // 15 bits of window, + 16: gzip header and trailer, nothing else.
        if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw Error{"gzip: no memory for decompression"};
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { static_cast<void>(inflateEnd(&stream_)); }  // its only failure is a state that was never set up

    [[nodiscard]] z_stream& stream() noexcept { return stream_; }

private:
    z_stream stream_{};
};

/// Reads another source through gzip if that one begins with gzip's magic bytes.
class DetectingSource final : public ByteSource {
public:
    explicit DetectingSource(std::unique_ptr<ByteSource> raw) : raw_{std::move(raw)} {
        if (!raw_) throw InvalidArgument{"decompressed: raw must not be null"};
        input_.resize(input_bytes);
    }

    [[nodiscard]] std::size_t read(std::span<char> into) override {
        if (mode_ == Mode::unknown) detect();
        if (mode_ == Mode::plain) return read_plain(into);
        return read_gzip(into);
    }
    [[nodiscard]] Progress progress() const noexcept override {
        Progress result = raw_->progress();
        result.consumed_bytes -= std::min<std::uint64_t>(result.consumed_bytes, end_ - at_);
        return result;
    }
    [[nodiscard]] const std::string& name() const noexcept override { return raw_->name(); }

private:
    enum class Mode { unknown, plain, gzip };

    void detect() {
        while (end_ < 2) {
            const std::size_t count = raw_->read(std::span{input_}.subspan(end_, 2 - end_));
            if (count == 0) break;
            end_ += count;
        }
        const bool is_gzip = end_ == 2 && input_[0] == '\x1f' && input_[1] == '\x8b';
        if (is_gzip) inflater_ = std::make_unique<Inflater>();
        mode_ = is_gzip ? Mode::gzip : Mode::plain;
    }

    std::size_t read_plain(std::span<char> into) {
        if (at_ == end_) return raw_->read(into);
        const std::size_t count = std::min(into.size(), end_ - at_);
        std::copy_n(input_.data() + at_, count, into.data());
        at_ += count;
        return count;
    }

    /// Makes input available; false at the end of the file.
    bool fill() {
        if (at_ < end_) return true;
        at_ = 0;
        end_ = 0;
        end_ = raw_->read(input_);
        return end_ != 0;
    }

    std::size_t read_gzip(std::span<char> into) {
        if (finished_) return 0;
        z_stream& stream = inflater_->stream();
        const auto room = static_cast<uInt>(std::min<std::size_t>(into.size(), std::numeric_limits<uInt>::max()));
        for (;;) {
            if (between_members_ && !start_next_member()) return 0;
            if (!fill()) fail("the gzip data end early: the file was cut off");
            stream.next_in = reinterpret_cast<Bytef*>(input_.data() + at_);
            stream.avail_in = static_cast<uInt>(end_ - at_);
            stream.next_out = reinterpret_cast<Bytef*>(into.data());
            stream.avail_out = room;
            const int result = inflate(&stream, Z_NO_FLUSH);
            at_ = end_ - stream.avail_in;
            if (result == Z_STREAM_END) {
                between_members_ = true;
            } else if (result == Z_MEM_ERROR) {
                throw Error{name() + ": gzip: no memory for decompression"};
            } else if (result != Z_OK && result != Z_BUF_ERROR) {
                fail(std::string{"the gzip data are damaged: "} +
                     (stream.msg != nullptr ? stream.msg : "a dictionary is asked for"));
            }
            if (stream.avail_out != room) return room - stream.avail_out;
        }
    }

    /// Steps over padding behind a member; false where the file ends.
    bool start_next_member() {
        bool saw_padding = false;
        while (fill() && input_[at_] == '\0') {
            saw_padding = true;
            ++at_;
        }
        if (at_ == end_) {
            finished_ = true;
            return false;
        }
        if (saw_padding || input_[at_] != '\x1f') fail("after the gzip data stands something else");
        if (inflateReset(&inflater_->stream()) != Z_OK) throw Error{name() + ": gzip: decompression cannot restart"};
        between_members_ = false;
        return true;
    }

    [[noreturn]] void fail(const std::string& message) const {
        const Progress place = progress();
        std::string text = message + ", at byte " + std::to_string(place.consumed_bytes);
        if (place.total_bytes) text += " of " + std::to_string(*place.total_bytes);
        throw ParseError{name(), {{0, "", std::move(text)}}};
    }

    std::unique_ptr<ByteSource> raw_;
    Mode mode_ = Mode::unknown;
    std::unique_ptr<Inflater> inflater_;
    std::vector<char> input_;  ///< Raw bytes; those in [at_, end_) are not used yet.
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    bool between_members_ = false;
    bool finished_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource> raw) {
    return std::make_unique<DetectingSource>(std::move(raw));
}

std::unique_ptr<ByteSource> open_file(const std::filesystem::path& path) {
    return decompressed(std::make_unique<FileSource>(path));
}

std::unique_ptr<ByteSource> from_memory(std::string bytes, std::string name) {
    return decompressed(std::make_unique<MemorySource>(std::move(bytes), std::move(name)));
}

}  // namespace alloquy::io

#pragma once

/// \file
/// ByteSource: bytes as a stream, from a plain file, a gzip file or memory, with the progress made so far.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <alloquy/error.hpp>

namespace alloquy::io {

/// How far a source has been read, for a progress bar. Counted in bytes of the file as it lies on disk (compressed,
/// where it is compressed).
struct Progress {
    std::uint64_t consumed_bytes;              ///< Bytes taken out of the file so far.
    std::optional<std::uint64_t> total_bytes;  ///< Size of the file at opening; empty where unknown (a pipe, say).
};

/// A stream of bytes that is read once, from start to end. A host derives from it to read out of its own storage.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    /// Reads the next bytes.
    ///
    /// \param into  Where to put them; not empty.
    /// \return      How many were put there, in [0, into.size()]; 0 = the end, and only then. May be fewer than asked.
    /// \throws Error       if the file cannot be read; the text names it.
    /// \throws ParseError  if compressed data are cut off or damaged; the text names file and byte.
    [[nodiscard]] virtual std::size_t read(std::span<char> into) = 0;

    /// How far it has been read.
    [[nodiscard]] virtual Progress progress() const noexcept = 0;

    /// What error texts call it: the path of a file, say.
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
};

/// Opens a file, plain or gzip (RFC 1952). Which of them is told by the first two bytes (1f 8b), not by the name.
/// Several gzip members in a row are read as one; zero bytes after the last one are padding.
///
/// \throws NotFound  if there is no such file; the text names the path.
/// \throws Error     if it is a directory or may not be read.
/// \par Cost  One file handle; about 110 kB of memory for gzip, whatever the size of the file.
[[nodiscard]] std::unique_ptr<ByteSource> open_file(const std::filesystem::path& path);

/// The same over bytes in memory, plain or gzip.
///
/// \param bytes  The whole file; owned by the source.
/// \param name   What error texts call it.
/// \throws Error  never for plain bytes; reading throws as described at ByteSource::read.
[[nodiscard]] std::unique_ptr<ByteSource> from_memory(std::string bytes, std::string name = "memory");

/// Puts gzip detection around a host's own source: gives the decompressed bytes if it begins with 1f 8b, else the bytes
/// as they are. Name and progress are those of the given source.
///
/// \throws InvalidArgument  if raw is null.
[[nodiscard]] std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource> raw);

}  // namespace alloquy::io

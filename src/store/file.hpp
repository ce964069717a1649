#pragma once

/// \file
/// Files of a journal: the lock of the writing process, creation in one step, the checks before anything is written.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "sqlite.hpp"

namespace alloquy::store::detail {

/// "allq": stands in the header of each journal file.
inline constexpr std::int64_t application_id = 0x616C6C71;
/// Page size of new files; see the decision about the layout.
inline constexpr int page_bytes = 8192;
/// The schema that this library writes.
inline constexpr std::int64_t schema_version = 3;

/// Exclusive advisory lock on a file of its own. The system releases it when the process ends, however it ends; the
/// file stays, as removing it would let two processes lock two files of one name.
class WriterLock {
public:
    /// \throws StoreError  if it is taken or cannot be made.
    explicit WriterLock(const std::filesystem::path& journal);
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;
    ~WriterLock();

private:
    int descriptor_;
};

/// Fills a file of another name, syncs it and renames it, so that nobody ever sees it half made.
void create_file_with(const std::filesystem::path& path, const std::function<void(sqlite::Connection&)>& fill);
/// Makes an empty journal.
void create_file(const std::filesystem::path& path);
/// Throws unless the file is a journal of this schema or, where `may_be_older`, an earlier one. Writes nothing to it.
void check_file(const std::filesystem::path& path, bool may_be_older);
/// Brings a journal to schema_version, each step with its version in one transaction.
void migrate(sqlite::Connection& connection);

/// Puts what was written to a directory (a new name, say) onto the disk.
void sync_directory(const std::filesystem::path& directory);

[[nodiscard]] std::unique_ptr<sqlite::Connection> open_writer(const std::string& name, std::size_t cache_bytes);
[[nodiscard]] std::unique_ptr<sqlite::Connection> open_reader(const std::string& name);
/// Name for SQLite of a database in memory, shared by the connections of this process, different for each call.
[[nodiscard]] std::string memory_name();

}  // namespace alloquy::store::detail

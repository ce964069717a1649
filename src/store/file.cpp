#include "file.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace alloquy::store::detail {
namespace {

struct Migration {
    std::int64_t version;
    std::string_view sql;
};

constexpr std::array migrations{
    Migration{
        1,
#include "schema/001_journal.sql"
    },
    Migration{
        2,
#include "schema/002_models.sql"
    },
    Migration{
        3,
#include "schema/003_memberships.sql"
    },
};
static_assert(migrations.back().version == schema_version);

constexpr std::string_view not_a_journal = ": is not an alloquy journal";

void remove_with_companions(const std::filesystem::path& path) {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
        std::filesystem::path file = path;
        file += suffix;
        std::error_code code;
        std::filesystem::remove(file, code);
        if (code) throw StoreError{file.string() + ": cannot be removed: " + code.message(), 0};
    }
}

}  // namespace

WriterLock::WriterLock(const std::filesystem::path& journal) {
    const std::string name = journal.string() + ".lock";
    descriptor_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
        throw StoreError{name + ": cannot be opened: " + std::generic_category().message(errno), 0};
    }
    int result = 0;
    do {
        result = ::flock(descriptor_, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return;
    const int cause = errno;
    ::close(descriptor_);
    if (cause == EWOULDBLOCK) throw StoreError{journal.string() + ": in use by another process", 0};
    throw StoreError{name + ": cannot be locked: " + std::generic_category().message(cause), 0};
}

WriterLock::~WriterLock() {
    ::close(descriptor_);
}

void sync_directory(const std::filesystem::path& directory) {
    const std::string name = directory.empty() ? "." : directory.string();
    const int descriptor = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int cause = errno;
    if (descriptor >= 0) ::close(descriptor);
    // Some file systems cannot sync a directory; they say so with EINVAL.
    if (!synced && cause != EINVAL) {
        throw StoreError{name + ": cannot be synced: " + std::generic_category().message(cause), 0};
    }
}

void create_file_with(const std::filesystem::path& path, const std::function<void(sqlite::Connection&)>& fill) {
    std::filesystem::path draft = path;
    draft += ".creating";
    remove_with_companions(draft);
    try {
        {
            sqlite::Connection connection{draft.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
            fill(connection);
        }
        // A log without its journal would be replayed into the new file.
        remove_with_companions(path);
        std::error_code code;
        std::filesystem::rename(draft, path, code);
        if (code) throw StoreError{path.string() + ": cannot be created: " + code.message(), 0};
    } catch (...) {
        remove_with_companions(draft);
        throw;
    }
    sync_directory(path.parent_path());
}

void create_file(const std::filesystem::path& path) {
    create_file_with(path, [](sqlite::Connection& connection) {
        connection.execute("PRAGMA page_size = " + std::to_string(page_bytes));
        connection.execute("PRAGMA application_id = " + std::to_string(application_id));
        migrate(connection);
        connection.execute("PRAGMA journal_mode = WAL");
    });
}

void check_file(const std::filesystem::path& path, bool may_be_older) {
    const std::string name = path.string();
    std::int64_t application = 0;
    std::int64_t version = 0;
    try {
        sqlite::Connection connection{name, SQLITE_OPEN_READONLY};
        sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        connection.execute("PRAGMA busy_timeout = 10000");
        application = connection.integer_of("PRAGMA application_id");
        version = connection.integer_of("PRAGMA user_version");
    } catch (const StoreError& error) {
        if ((error.extended_code() & 0xFF) == SQLITE_NOTADB) {
            throw StoreError{name + std::string{not_a_journal}, error.extended_code()};
        }
        throw;
    }
    if (application != application_id || version < 1) throw StoreError{name + std::string{not_a_journal}, 0};
    if (version > schema_version) {
        throw StoreError{name + ": has schema " + std::to_string(version) + " of a newer library; this one knows " +
                             std::to_string(schema_version),
                         0};
    }
    if (version < schema_version && !may_be_older) {
        throw StoreError{name + ": has the older schema " + std::to_string(version) + "; open it for writing once", 0};
    }
}

void migrate(sqlite::Connection& connection) {
    const std::int64_t version = connection.integer_of("PRAGMA user_version");
    for (const Migration& migration : migrations) {
        if (migration.version <= version) continue;
        connection.execute("BEGIN IMMEDIATE");
        try {
            connection.execute(std::string{migration.sql});
            connection.execute("PRAGMA user_version = " + std::to_string(migration.version));
            connection.execute("COMMIT");
        } catch (const StoreError&) {
            if (connection.in_transaction()) connection.execute("ROLLBACK");
            throw;
        }
    }
}

std::unique_ptr<sqlite::Connection> open_writer(const std::string& name, std::size_t cache_bytes) {
    const bool memory = name.starts_with("file:");
    auto connection = std::make_unique<sqlite::Connection>(
        name, SQLITE_OPEN_READWRITE | (memory ? SQLITE_OPEN_CREATE | SQLITE_OPEN_URI : 0));
    connection->execute("PRAGMA busy_timeout = 10000");
    if (memory) {
        connection->execute("PRAGMA page_size = " + std::to_string(page_bytes));
        connection->execute("PRAGMA application_id = " + std::to_string(application_id));
    } else {
        connection->execute("PRAGMA journal_mode = WAL");
    }
    connection->execute("PRAGMA synchronous = FULL");
    connection->execute("PRAGMA foreign_keys = ON");
    connection->execute("PRAGMA secure_delete = ON");
    connection->execute("PRAGMA temp_store = MEMORY");  // no personal data in temporary files
    connection->execute("PRAGMA trusted_schema = OFF");
    connection->execute("PRAGMA cache_size = -" + std::to_string(cache_bytes / 1024));
    connection->execute("PRAGMA wal_autocheckpoint = 1000");
    connection->execute("PRAGMA journal_size_limit = 67108864");
    migrate(*connection);
    return connection;
}

std::unique_ptr<sqlite::Connection> open_reader(const std::string& name) {
    const bool memory = name.starts_with("file:");
    auto connection = std::make_unique<sqlite::Connection>(
        name, memory ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI : SQLITE_OPEN_READONLY);
    // Only the writer may checkpoint: two connections that do can lose commits (SQLite 3.7.0 to 3.51.2).
    sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    connection->execute("PRAGMA busy_timeout = 10000");
    connection->execute("PRAGMA wal_autocheckpoint = 0");
    connection->execute("PRAGMA temp_store = MEMORY");
    connection->execute("PRAGMA trusted_schema = OFF");
    connection->execute("PRAGMA cache_size = -8192");
    if (memory) connection->execute("PRAGMA read_uncommitted = ON");  // else it would wait for the writer
    return connection;
}

std::string memory_name() {
    std::array<unsigned char, 16> random;
    randombytes_buf(random.data(), random.size());
    std::array<char, 2 * random.size() + 1> text;
    sodium_bin2hex(text.data(), text.size(), random.data(), random.size());
    return "file:alloquy-" + std::string{text.data()} + "?mode=memory&cache=shared";
}

}  // namespace alloquy::store::detail

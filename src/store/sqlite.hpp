#pragma once

/// \file
/// Connection and Statement: SQLite's handles as objects; the only place where its C interface is called.

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <alloquy/error.hpp>

namespace alloquy::store::sqlite {

/// A prepared statement. Bound blobs and texts must outlive the step. Values read are valid until the next step.
class Statement {
public:
    Statement(sqlite3* database, std::string_view sql);
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement() { sqlite3_finalize(statement_); }

    Statement& bind(int index, std::int64_t value);
    Statement& bind_blob(int index, std::span<const std::byte> value);
    Statement& bind_blob(int index, std::string_view value) {
        return bind_blob(index, std::as_bytes(std::span{value}));
    }
    Statement& bind_text(int index, std::string_view value);

    /// True if there is a row.
    bool step();
    /// Runs to the end and resets.
    void run();
    void reset() noexcept { sqlite3_reset(statement_); }

    [[nodiscard]] std::int64_t integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] std::string_view text(int column) const noexcept {
        const void* bytes = sqlite3_column_blob(statement_, column);
        const int size = sqlite3_column_bytes(statement_, column);
        return bytes == nullptr ? std::string_view{}
                                : std::string_view{static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
    }
    [[nodiscard]] std::span<const std::byte> blob(int column) const noexcept {
        return std::as_bytes(std::span{text(column)});
    }

private:
    sqlite3* database_;
    sqlite3_stmt* statement_ = nullptr;
};

/// Resets a statement at the end of a scope, so that it holds no read transaction open.
class Use {
public:
    explicit Use(Statement& statement) noexcept : statement_{statement} { statement_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { statement_.reset(); }
    Statement* operator->() const noexcept { return &statement_; }

private:
    Statement& statement_;
};

/// One connection; used by one thread at a time.
class Connection {
public:
    /// \param flags  SQLITE_OPEN_…; thread checks of SQLite are left out.
    Connection(const std::string& name, int flags);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    void execute(const std::string& sql);
    /// The prepared form of a text that lives as long as the connection (a literal), made on first use.
    [[nodiscard]] Statement& prepared(std::string_view sql);
    /// First value of a query without parameters.
    [[nodiscard]] std::int64_t integer_of(std::string_view sql);
    [[nodiscard]] std::string text_of(std::string_view sql);
    [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(database_) == 0; }
    [[nodiscard]] sqlite3* handle() const noexcept { return database_; }

private:
    sqlite3* database_ = nullptr;
    std::map<const char*, Statement> statements_;
};

/// A read transaction over several statements.
class ReadTransaction {
public:
    explicit ReadTransaction(Connection& connection) : connection_{connection} { connection_.prepared("BEGIN").run(); }
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;
    ~ReadTransaction() {
        // Nothing was written, so there is nothing that could fail to be undone.
        static_cast<void>(sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr));
    }

private:
    Connection& connection_;
};

/// Throws the StoreError of a failed call; `doing` says what was tried.
[[noreturn]] void fail(sqlite3* database, int code, std::string_view doing);

}  // namespace alloquy::store::sqlite

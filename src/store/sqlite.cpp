#include "sqlite.hpp"

#include <limits>
#include <utility>

namespace alloquy::store::sqlite {

void fail(sqlite3* database, int code, std::string_view doing) {
    const int extended = database == nullptr ? code : sqlite3_extended_errcode(database);
    // sqlite3_errmsg names tables and columns, never values.
    const char* reason = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
    throw StoreError{"journal: " + std::string{doing} + ": " + reason + " (SQLite " + std::to_string(extended) + ")",
                     extended};
}

Statement::Statement(sqlite3* database, std::string_view sql) : database_{database} {
    const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement_, nullptr);
    if (code != SQLITE_OK) fail(database, code, "preparing a statement");
}

Statement& Statement::bind(int index, std::int64_t value) {
    const int code = sqlite3_bind_int64(statement_, index, value);
    if (code != SQLITE_OK) fail(database_, code, "binding a number");
    return *this;
}

Statement& Statement::bind_blob(int index, std::span<const std::byte> value) {
    // A null pointer would bind NULL instead of an empty blob.
    const void* bytes = value.empty() ? "" : static_cast<const void*>(value.data());
    const int code = sqlite3_bind_blob64(statement_, index, bytes, value.size(), SQLITE_STATIC);
    if (code != SQLITE_OK) fail(database_, code, "binding bytes");
    return *this;
}

Statement& Statement::bind_text(int index, std::string_view value) {
    const char* bytes = value.empty() ? "" : value.data();
    const int code = sqlite3_bind_text64(statement_, index, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK) fail(database_, code, "binding text");
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(database_, code, "running a statement");
}

void Statement::run() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_DONE && code != SQLITE_ROW) {
        // The text must be taken before the reset, which may change it.
        try {
            fail(database_, code, "running a statement");
        } catch (...) {
            sqlite3_reset(statement_);
            throw;
        }
    }
    sqlite3_reset(statement_);
}

Connection::Connection(const std::string& name, int flags) {
    const int code =
        sqlite3_open_v2(name.c_str(), &database_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    if (code == SQLITE_OK) return;
    const std::string reason = database_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database_);
    sqlite3_close_v2(database_);
    throw StoreError{name + ": cannot be opened: " + reason, code};
}

Connection::~Connection() {
    statements_.clear();
    sqlite3_close_v2(database_);
}

void Connection::execute(const std::string& sql) {
    const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(database_, code, "running a statement");
}

Statement& Connection::prepared(std::string_view sql) {
    const auto found = statements_.find(sql.data());
    if (found != statements_.end()) return found->second;
    return statements_
        .emplace(std::piecewise_construct, std::forward_as_tuple(sql.data()), std::forward_as_tuple(database_, sql))
        .first->second;
}

std::int64_t Connection::integer_of(std::string_view sql) {
    const Use statement{prepared(sql)};
    return statement->step() ? statement->integer(0) : 0;
}

std::string Connection::text_of(std::string_view sql) {
    const Use statement{prepared(sql)};
    return statement->step() ? std::string{statement->text(0)} : std::string{};
}

}  // namespace alloquy::store::sqlite

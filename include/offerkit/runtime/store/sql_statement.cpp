// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/store/sql_statement.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace offerkit::runtime::detail {

SqlStatement::SqlStatement(sqlite3* db, const char* sql) {
    sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw_, nullptr);
}

SqlStatement::~SqlStatement() { sqlite3_finalize(raw_); }

void SqlStatement::bind(int at, std::uint64_t number) {
    sqlite3_bind_int64(raw_, at, static_cast<sqlite3_int64>(number));
}

void SqlStatement::bind(int at, std::string_view bytes) {
    // A null pointer would bind NULL; an empty value is a value.
    sqlite3_bind_blob64(raw_, at, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}

int SqlStatement::step() { return sqlite3_step(raw_); }

void SqlStatement::reset() {
    sqlite3_reset(raw_);
    sqlite3_clear_bindings(raw_);
}

bool SqlStatement::is_of(int at, int type) const { return sqlite3_column_type(raw_, at) == type; }

std::uint64_t SqlStatement::number(int at) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(raw_, at));
}

std::string SqlStatement::bytes(int at) const {
    const void* const data = sqlite3_column_blob(raw_, at);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw_, at));
    return size == 0 ? std::string{} : std::string{static_cast<const char*>(data), size};
}

Refusal database_damage(const std::string& path, std::string why) {
    return {RefusalCode::malformed, "file " + path, "read it", std::move(why), ""};
}

Refusal database_refusal(sqlite3* db, const std::string& path, const char* what) {
    const int code = db == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(db);
    std::string text = db == nullptr ? "out of memory" : sqlite3_errmsg(db);
    std::ranges::replace(text, '\n', ' ');  // What an integrity check finds comes in lines.
    if (db != nullptr && (code & 0xff) == SQLITE_IOERR) {
        text += ", SQLite's code " + std::to_string(code);
        if (const int error = sqlite3_system_errno(db); error != 0)
            text += std::string(", ") + std::strerror(error);
    }
    Refusal refusal{RefusalCode::unavailable, "file " + path, what, text,
                    "look at the folder, its owner, the disk and the space left"};
    switch (code & 0xff) {
        case SQLITE_FULL:
            refusal.code = RefusalCode::insufficient;
            refusal.why = "the disk, or the size that was allowed, is full";
            refusal.todo = "make space; nothing was lost, and writes work again once there is some";
            break;
        case SQLITE_ERROR:  // Our statements are right, so it is the tables that are not.
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT:
            refusal.code = RefusalCode::malformed;
            refusal.todo.clear();
            break;
        default:
            if (code != SQLITE_IOERR_SHORT_READ) break;
            refusal.code = RefusalCode::malformed;
            refusal.todo.clear();
    }
    return refusal;
}

}  // namespace offerkit::runtime::detail

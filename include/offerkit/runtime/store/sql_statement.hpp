// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the store's database needs of SQLite, without SQLite's header: a prepared statement, and
/// failures as refusals.

#include <offerkit/core/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace offerkit::runtime::detail {

/// A prepared statement. Numbers are SQLite's 64 bits, taken as unsigned.
class SqlStatement {
public:
    SqlStatement(sqlite3* db, const char* sql);
    SqlStatement(const SqlStatement&) = delete;
    SqlStatement& operator=(const SqlStatement&) = delete;
    ~SqlStatement();

    explicit operator bool() const { return raw_ != nullptr; }

    void bind(int at, std::uint64_t number);
    /// Pre: the bytes live until `reset`.
    void bind(int at, std::string_view bytes);
    /// Returns SQLite's code.
    [[nodiscard]] int step();
    void reset();

    /// `type`: as SQLite numbers them.
    [[nodiscard]] bool is_of(int at, int type) const;
    [[nodiscard]] std::uint64_t number(int at) const;
    [[nodiscard]] std::string bytes(int at) const;

private:
    sqlite3_stmt* raw_ = nullptr;
};

[[nodiscard]] Refusal database_damage(const std::string& path, std::string why);

/// What SQLite's last failure means for us; the codes are those of `Database`.
[[nodiscard]] Refusal database_refusal(sqlite3* db, const std::string& path, const char* what);

}  // namespace offerkit::runtime::detail

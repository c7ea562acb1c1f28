// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/crc32c.hpp>
#include <offerkit/runtime/store/database.hpp>
#include <offerkit/runtime/store/sql_statement.hpp>

#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace offerkit::runtime::detail {

namespace {

constexpr int format_number = 1;
constexpr int application_number = 0x4f464b31;  // "OFK1", for file(1) and for us.
constexpr int log_pages_max = 1000;             // SQLite's own choice.
constexpr int busy_timeout_ms = 5000;
constexpr std::size_t page_size = 4096;

constexpr const char* entry_table =
    "CREATE TABLE entry (key BLOB PRIMARY KEY, sequence INTEGER NOT NULL, value BLOB NOT NULL, "
    "checksum INTEGER NOT NULL) WITHOUT ROWID";
constexpr const char* head_table =
    "CREATE TABLE head (one INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, epoch INTEGER NOT "
    "NULL, rows INTEGER NOT NULL, digest INTEGER NOT NULL, digest_before INTEGER NOT NULL, "
    "checksum INTEGER NOT NULL)";

using record::KeyChange;
using record::KeyValue;

void add_number(std::string& out, std::uint64_t number) {
    for (int i = 0; i < 8; ++i)
        out += static_cast<char>((number >> (8 * i)) & 0xff);
}

std::uint32_t row_checksum(std::string_view key, std::uint64_t sequence, std::string_view value) {
    std::string numbers;
    add_number(numbers, sequence);
    add_number(numbers, key.size());
    return record::crc32c(value, record::crc32c(key, record::crc32c(numbers)));
}

std::uint32_t head_checksum(const StoreHead& head) {
    std::string numbers;
    for (const std::uint64_t number :
         {head.sequence, head.epoch, head.rows, head.digest, head.digest_before})
        add_number(numbers, number);
    return record::crc32c(numbers);
}

}  // namespace

struct Database::Body {
    explicit Body(DatabaseOptions given) : options(std::move(given)) {}
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body() {
        close_statements();
        sqlite3_close(db);
    }

    void close_statements() {
        find_row.reset();
        put_row.reset();
        erase_row.reset();
        put_head.reset();
    }

    [[nodiscard]] Refusal refusal(const char* what) const {
        return database_refusal(db, options.path, what);
    }

    [[nodiscard]] Result<void> run(const char* sql, const char* what) {
        if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return refusal(what);
        return {};
    }

    [[nodiscard]] Result<void> open_file(int flags) {
        const int code = sqlite3_open_v2(options.path.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX,
                                         options.vfs.empty() ? nullptr : options.vfs.c_str());
        if (code != SQLITE_OK) return refusal("open it");
        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, busy_timeout_ms);
        // Closing must never move a log into a database that was found damaged.
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        sqlite3_wal_hook(
            db,
            [](void* self, sqlite3*, const char*, int pages) {
                static_cast<Body*>(self)->log_pages = pages;
                return SQLITE_OK;
            },
            this);
        return run("PRAGMA cell_size_check=ON; PRAGMA synchronous=FULL", "prepare it");
    }

    [[nodiscard]] Result<void> limit_size() {
        if (options.size_max == 0) return {};
        const std::string pages = std::to_string(options.size_max / page_size);
        return run(("PRAGMA max_page_count=" + pages).c_str(), "limit its size");
    }

    /// The first column of all rows, one a line.
    [[nodiscard]] Result<std::string> query(const char* sql) {
        SqlStatement statement{db, sql};
        if (!statement) return refusal("read it");
        std::string text;
        while (true) {
            const int code = statement.step();
            if (code == SQLITE_DONE) return text;
            if (code != SQLITE_ROW) return refusal("read it");
            if (!text.empty()) text += '\n';
            text += statement.bytes(0);
        }
    }

    [[nodiscard]] Result<void> expect(const char* sql, const std::string& wanted,
                                      const char* what) {
        const auto found = query(sql);
        if (!found) return found.error();
        if (*found == wanted) return {};
        return database_damage(options.path, std::string(what) + ": " + found->substr(0, 200));
    }

    [[nodiscard]] Result<void> check_form() {
        struct Each {
            const char* sql;
            std::string wanted;
            const char* what;
        };
        const std::array<Each, 4> all{
            Each{"PRAGMA application_id", std::to_string(application_number),
                 "it is no store of OfferKit, its number is"},
            Each{"PRAGMA user_version", std::to_string(format_number),
                 "it is of a format that this version does not know"},
            Each{"SELECT sql FROM sqlite_schema ORDER BY name",
                 std::string(entry_table) + "\n" + head_table, "its tables are not ours"},
            Each{"PRAGMA quick_check(1)", "ok", "SQLite finds it damaged"}};
        for (const Each& each : all) {
            if (auto fine = expect(each.sql, each.wanted, each.what); !fine) return fine;
        }
        return {};
    }

    [[nodiscard]] Result<void> prepare() {
        find_row.emplace(db, "SELECT sequence, value, checksum FROM entry WHERE key = ?1");
        put_row.emplace(db,
                        "INSERT INTO entry (key, sequence, value, checksum) VALUES (?1, ?2, ?3, "
                        "?4) ON CONFLICT (key) DO UPDATE SET sequence = excluded.sequence, value = "
                        "excluded.value, checksum = excluded.checksum");
        erase_row.emplace(db, "DELETE FROM entry WHERE key = ?1");
        put_head.emplace(db,
                         "UPDATE head SET sequence = ?1, epoch = ?2, rows = ?3, digest = ?4, "
                         "digest_before = ?5, checksum = ?6 "
                         "WHERE sequence = ?7 AND epoch = ?8");
        if (*find_row && *put_row && *erase_row && *put_head) return {};
        return refusal("prepare it");
    }

    [[nodiscard]] Result<StoreHead> read_head() {
        SqlStatement statement{db,
                               "SELECT sequence, epoch, rows, digest, digest_before, checksum, one "
                               "FROM head"};
        if (!statement) return refusal("read it");
        const int code = statement.step();
        if (code == SQLITE_DONE) return database_damage(options.path, "its head is missing");
        if (code != SQLITE_ROW) return refusal("read it");
        for (int i = 0; i < 7; ++i) {
            if (!statement.is_of(i, SQLITE_INTEGER))
                return database_damage(options.path, "its head holds what is no number");
        }
        const StoreHead head{statement.number(0), statement.number(1), statement.number(2),
                             statement.number(3), statement.number(4)};
        if (statement.number(5) != head_checksum(head) || statement.number(6) != 1 ||
            statement.step() != SQLITE_DONE) {
            return database_damage(options.path, "its head does not agree with its checksum");
        }
        return head;
    }

    [[nodiscard]] Result<std::vector<KeyValue>> read_rows(const StoreHead& head) {
        SqlStatement statement{db, "SELECT key, sequence, value, checksum FROM entry ORDER BY key"};
        if (!statement) return refusal("read it");
        std::vector<KeyValue> values;
        std::uint64_t digest = 0;
        while (true) {
            const int code = statement.step();
            if (code == SQLITE_DONE) break;
            if (code != SQLITE_ROW) return refusal("read it");
            if (!statement.is_of(0, SQLITE_BLOB) || !statement.is_of(1, SQLITE_INTEGER) ||
                !statement.is_of(2, SQLITE_BLOB) || !statement.is_of(3, SQLITE_INTEGER)) {
                return database_damage(options.path, "a row holds what was never written");
            }
            KeyValue row{statement.bytes(0), statement.bytes(2)};
            const std::uint32_t checksum = row_checksum(row.key, statement.number(1), row.value);
            if (checksum != statement.number(3) || statement.number(1) > head.sequence) {
                return database_damage(options.path, "the row with key " + row.key.substr(0, 100) +
                                                         " does not agree with its checksum");
            }
            digest += checksum;
            values.push_back(std::move(row));
        }
        if (values.size() != head.rows || digest != head.digest) {
            return database_damage(options.path,
                                   "rows are missing, or older than its head: it has " +
                                       std::to_string(values.size()) + " of " +
                                       std::to_string(head.rows));
        }
        return values;
    }

    /// Changes one row, and `head` with it. `undo` gets what was there.
    [[nodiscard]] Result<void> change(const KeyChange& change, StoreHead& head,
                                      std::vector<KeyChange>& undo) {
        KeyChange before{change.key, std::nullopt};
        find_row->bind(1, change.key);
        const int found = find_row->step();
        if (found == SQLITE_ROW) {
            before.value = find_row->bytes(1);
            if (row_checksum(change.key, find_row->number(0), *before.value) !=
                find_row->number(2)) {
                find_row->reset();
                return database_damage(options.path, "the row with key " +
                                                         change.key.substr(0, 100) +
                                                         " does not agree with its checksum");
            }
            head.digest -= find_row->number(2);
            --head.rows;
        }
        find_row->reset();
        if (found != SQLITE_ROW && found != SQLITE_DONE) return refusal("write to it");
        undo.push_back(std::move(before));
        SqlStatement& statement = change.value ? *put_row : *erase_row;
        statement.bind(1, change.key);
        if (change.value) {
            const std::uint32_t checksum = row_checksum(change.key, head.sequence, *change.value);
            statement.bind(2, head.sequence);
            statement.bind(3, *change.value);
            statement.bind(4, std::uint64_t{checksum});
            head.digest += checksum;
            ++head.rows;
        }
        const int code = statement.step();
        std::optional<Refusal> refused;
        if (code != SQLITE_DONE) refused = refusal("write to it");
        statement.reset();
        if (refused) return *std::move(refused);
        return {};
    }

    [[nodiscard]] Result<void> replace_head(const StoreHead& from, const StoreHead& to) {
        const std::array<std::uint64_t, 8> numbers{
            to.sequence,      to.epoch,          to.rows,       to.digest,
            to.digest_before, head_checksum(to), from.sequence, from.epoch};
        for (std::size_t i = 0; i < numbers.size(); ++i)
            put_head->bind(static_cast<int>(i) + 1, numbers[i]);
        const int code = put_head->step();
        std::optional<Refusal> refused;
        if (code != SQLITE_DONE) refused = refusal("write to it");
        put_head->reset();
        if (refused) return *std::move(refused);
        if (sqlite3_changes(db) == 1) return {};
        return Refusal{RefusalCode::stale_epoch, "file " + options.path, "write to it",
                       "another writer has taken it over since epoch " + std::to_string(from.epoch),
                       "end this process, the newer one goes on"};
    }

    [[nodiscard]] Result<StoreHead> write(const StoreHead& from, std::uint64_t epoch,
                                          std::span<const KeyChange> changes,
                                          std::vector<KeyChange>& undo) {
        if (auto begun = run("BEGIN IMMEDIATE", "write to it"); !begun) return begun.error();
        StoreHead head = from;
        ++head.sequence;
        head.epoch = epoch;
        head.digest_before = from.digest;
        for (const KeyChange& each : changes) {
            if (auto changed = change(each, head, undo); !changed) return changed.error();
        }
        if (auto replaced = replace_head(from, head); !replaced) return replaced.error();
        if (auto committed = run("COMMIT", "write to it"); !committed) return committed.error();
        return head;
    }

    DatabaseOptions options;
    sqlite3* db = nullptr;
    int log_pages = 0;
    std::optional<SqlStatement> find_row;
    std::optional<SqlStatement> put_row;
    std::optional<SqlStatement> erase_row;
    std::optional<SqlStatement> put_head;
};

Database::Database(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::create(const DatabaseOptions& options) {
    auto body = std::make_unique<Body>(options);
    if (auto opened = body->open_file(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); !opened)
        return std::move(opened).error();
    const std::string make = "PRAGMA page_size=" + std::to_string(page_size) +
                             "; PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; PRAGMA application_id=" +
                             std::to_string(application_number) +
                             "; PRAGMA user_version=" + std::to_string(format_number) + "; " +
                             entry_table + "; " + head_table +
                             "; INSERT INTO head VALUES (1, 0, 0, 0, 0, 0, " +
                             std::to_string(head_checksum(StoreHead{})) + "); COMMIT";
    if (auto made = body->run(make.c_str(), "make it"); !made) return std::move(made).error();
    for (const auto step : {&Body::limit_size, &Body::prepare}) {
        if (auto done = (*body.*step)(); !done) return std::move(done).error();
    }
    return std::unique_ptr<Database>{new Database{std::move(body)}};
}

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options, bool read_only) {
    // SQLite takes a file without a first page for a new database, and its log for a leftover.
    std::error_code error;
    if (std::filesystem::file_size(options.path, error) < page_size && !error)
        return database_damage(options.path, "it has lost even its first page");
    auto body = std::make_unique<Body>(options);
    const int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (auto opened = body->open_file(flags); !opened) return std::move(opened).error();
    if (auto fine = body->check_form(); !fine) return std::move(fine).error();
    if (read_only) return std::unique_ptr<Database>{new Database{std::move(body)}};
    // Its folder was written to a moment ago: it is the header that forbids it.
    if (sqlite3_db_readonly(body->db, "main") == 1 && ::access(options.path.c_str(), W_OK) == 0)
        return database_damage(options.path, "its header says that it may not be written");
    if (auto log = body->expect("PRAGMA journal_mode=WAL", "wal", "it cannot keep a log"); !log)
        return std::move(log).error();
    for (const auto step : {&Body::limit_size, &Body::prepare}) {
        if (auto done = (*body.*step)(); !done) return std::move(done).error();
    }
    return std::unique_ptr<Database>{new Database{std::move(body)}};
}

Result<Database::Contents> Database::load() {
    // One transaction, so that another process may go on writing.
    if (auto begun = body_->run("BEGIN", "read it"); !begun) return std::move(begun).error();
    const auto read = [&]() -> Result<Contents> {
        auto head = body_->read_head();
        if (!head) return std::move(head).error();
        auto values = body_->read_rows(*head);
        if (!values) return std::move(values).error();
        return Contents{*head, std::move(values).value()};
    };
    auto contents = read();
    if (auto ended = body_->run("ROLLBACK", "read it"); !ended && contents)
        return std::move(ended).error();
    return contents;
}

Result<StoreHead> Database::commit(const StoreHead& from, std::uint64_t epoch,
                                   std::span<const KeyChange> changes,
                                   std::vector<KeyChange>& undo) {
    undo.clear();
    auto written = body_->write(from, epoch, changes, undo);
    if (written) return written;
    // A failure may have ended the transaction by itself.
    if (sqlite3_get_autocommit(body_->db) == 0) {
        if (auto undone = body_->run("ROLLBACK", "write to it"); !undone) return undone.error();
    }
    return written;
}

Result<void> Database::checkpoint(bool all) {
    if (!all && body_->log_pages < log_pages_max) return {};
    const int code = sqlite3_wal_checkpoint_v2(
        body_->db, nullptr, all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, nullptr,
        nullptr);
    switch (code & 0xff) {
        case SQLITE_OK:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:
            return {};
        default:
            return body_->refusal("tidy its log");
    }
}

std::vector<std::string> database_files(const std::string& path) {
    return {path, path + "-wal", path + "-shm", path + "-journal"};
}

}  // namespace offerkit::runtime::detail

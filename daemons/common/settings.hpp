// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a daemon is told: a TOML file, then the environment, then flags; later wins. Every value
/// remembers where it came from, so that a refusal can name the place.

#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/runtime/record_options.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace offerkit::daemons {

/// One thing that can be set: `--name` as a flag, ENVIRONMENT_NAME, `name` in the file.
struct Setting {
    enum class Kind : std::uint8_t { text, yes_or_no };

    const char* name;
    const char* help;
    Kind kind = Kind::text;
    const char* environment = nullptr;  // Null: prefix and name. The token is told by no flag.
    bool on_command_line = true;
};

struct Program {
    const char* name;
    const char* what;         // One line.
    const char* environment;  // Prefix: "OFFERKIT_MASTER_".
    const char* example;
    std::span<const Setting> settings;
};

/// A value and where it was given.
struct Given {
    std::string text;
    std::string where;  // "flag --port", "environment OFFERKIT_MASTER_PORT", "FILE line 3".
};

class Settings {
public:
    /// Reads all three. Refuses: unknown flags and keys, files that cannot be read. When the answer
    /// is a text instead (`--help`, `--version`), `text` holds it.
    static Result<Settings> read(const Program& program, int argc, const char* const* argv);

    [[nodiscard]] const std::optional<std::string>& text() const { return text_; }

    [[nodiscard]] const Given* find(const std::string& name) const;
    [[nodiscard]] std::string text_of(const std::string& name, std::string otherwise) const;
    [[nodiscard]] bool is_on(const std::string& name) const;

    /// Refuses what is not a number from `least` to `most`.
    [[nodiscard]] Result<std::int64_t> number_of(const std::string& name, std::int64_t otherwise,
                                                 std::int64_t least, std::int64_t most) const;
    /// "500ms", "15s", "2min", "1h". Refuses anything else, and what is not from `least` to `most`.
    [[nodiscard]] Result<Duration> duration_of(const std::string& name, Duration otherwise,
                                               Duration least, Duration most) const;

private:
    std::map<std::string, Given> values_;
    std::optional<std::string> text_;
};

/// `--record`, `--record-file-mib` and `--record-files`. Refuses: numbers out of range, and those
/// two without the first.
[[nodiscard]] Result<void> read_record(const Settings& given, runtime::RecordOptions& record);

/// A refusal about a given value.
[[nodiscard]] Refusal refuse_setting(const Given& given, std::string why, std::string todo);

}  // namespace offerkit::daemons

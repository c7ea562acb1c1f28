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
#include <utility>
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

/// What is wanted of the program: to run, or only to look at what it was told.
enum class ConfigAsked : std::uint8_t { nothing, validate, show, show_origin };

/// A value and where it was given.
struct Given {
    std::string text;
    std::string where;  // "flag --port", "environment OFFERKIT_MASTER_PORT", "FILE line 3".
};

class Settings {
public:
    /// Reads all three, also after the words `config validate` and `config show [--origin]`.
    /// Refuses: unknown flags, files that cannot be read or are no TOML. What is wrong with values,
    /// and keys that are not known, is among the `problems`. When the answer is a text instead
    /// (`--help`, `--version`), `text` holds it.
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

    /// As those, but what is wrong goes to the `problems`, and the value is `otherwise`.
    [[nodiscard]] std::int64_t number(const std::string& name, std::int64_t otherwise,
                                      std::int64_t least, std::int64_t most);
    [[nodiscard]] Duration duration(const std::string& name, Duration otherwise, Duration least,
                                    Duration most);

    /// All that is wrong, so that it can be mended at once.
    void complain(Refusal problem) { problems_.push_back(std::move(problem)); }
    void complain_of(const Result<void>& read) {
        if (!read) problems_.push_back(read.error());
    }
    [[nodiscard]] const std::vector<Refusal>& problems() const { return problems_; }

    /// What `config validate` and `config show` print; none if neither was asked for.
    [[nodiscard]] std::optional<std::string> config_text(const Program& program) const;

private:
    std::map<std::string, Given> values_;
    std::optional<std::string> text_;
    std::vector<Refusal> problems_;
    ConfigAsked asked_ = ConfigAsked::nothing;
};

/// `--record`, `--record-file-mib` and `--record-files`. Refuses: numbers out of range, and those
/// two without the first.
[[nodiscard]] Result<void> read_record(const Settings& given, runtime::RecordOptions& record);

/// `--log-level`, one of the words that `make_log` takes.
[[nodiscard]] std::string read_log_level(Settings& given);

/// A refusal about a given value.
[[nodiscard]] Refusal refuse_setting(const Given& given, std::string why, std::string todo);

}  // namespace offerkit::daemons

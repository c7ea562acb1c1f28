// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <offerkit/core/nearest.hpp>
#include <offerkit/version.hpp>

#include <toml++/toml.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

namespace offerkit::daemons {

namespace {

std::string environment_name(const Program& program, const Setting& setting) {
    if (setting.environment != nullptr) return setting.environment;
    std::string name = program.environment;
    for (const char c : std::string_view{setting.name}) {
        name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return name;
}

const Setting* find_setting(const Program& program, std::string_view name) {
    for (const Setting& setting : program.settings) {
        if (name == setting.name) return &setting;
    }
    return nullptr;
}

Refusal bad_file(const std::string& path, const std::string& why) {
    return {RefusalCode::malformed, "file " + path, "read configuration", why,
            "see --help for the settings there are"};
}

using Values = std::map<std::string, Given>;

Refusal unknown_key(const Program& program, const std::string& where, const std::string& name) {
    std::vector<std::string_view> names;
    for (const Setting& setting : program.settings)
        names.emplace_back(setting.name);
    const std::string_view near = nearest(name, names);
    return {RefusalCode::malformed, where, "use " + name.substr(0, 64),
            "it is not a setting" +
                (near.empty() ? std::string{} : ", did you mean " + std::string(near) + "?"),
            "see --help for the settings there are"};
}

Result<void> read_toml(const Program& program, const std::string& path, Values& values,
                       std::vector<Refusal>& problems) {
    if (!std::filesystem::is_regular_file(path)) {
        return Refusal{RefusalCode::not_found, "file " + path, "read configuration",
                       "there is no such file", "give the path of a TOML file"};
    }
    try {
        const toml::table table = toml::parse_file(path);
        for (const auto& [key, node] : table) {
            const std::string name{key.str()};
            const std::string where = path + " line " + std::to_string(node.source().begin.line);
            if (find_setting(program, name) == nullptr) {
                problems.push_back(unknown_key(program, where, name));
                continue;
            }
            std::ostringstream text;
            if (const auto* const word = node.as_string()) {
                text << word->get();
            } else if (const auto* const number = node.as_integer()) {
                text << number->get();
            } else if (const auto* const truth = node.as_boolean()) {
                text << (truth->get() ? "true" : "false");
            } else {
                problems.push_back({RefusalCode::malformed, where, "use " + name,
                                    "is neither text, whole number nor true or false",
                                    "write one of those"});
                continue;
            }
            values[name] = {text.str(), where};
        }
    } catch (const toml::parse_error& error) {
        return bad_file(path, "line " + std::to_string(error.source().begin.line) + ": " +
                                  std::string(error.description()));
    }
    return {};
}

void read_environment(const Program& program, Values& values) {
    for (const Setting& setting : program.settings) {
        const std::string name = environment_name(program, setting);
        const char* const value = std::getenv(name.c_str());
        if (value != nullptr && *value != '\0') {
            values[setting.name] = {value, "environment " + name};
        }
    }
}

struct CommandLine {
    std::map<std::string, std::string> texts;
    std::map<std::string, bool> truths;
    std::string config;
    std::optional<std::string> answer;
};

std::string footer(const Program& program) {
    std::string text =
        "Each setting may also stand in the TOML file of --config, or in the "
        "environment as\n" +
        std::string(program.environment) +
        "NAME. Flags win over the environment, "
        "the environment over the file.\n\nExample:\n  " +
        program.example;
    return text;
}

Result<CommandLine> read_flags(const Program& program, int argc, const char* const* argv) {
    CommandLine line;
    CLI::App app{program.what, program.name};
    app.footer(footer(program));
    app.allow_windows_style_options(false);
    app.set_version_flag("--version", std::string(program.name) + " " + version_text);
    app.add_option("--config", line.config, "TOML file with settings")->type_name("FILE");
    for (const Setting& setting : program.settings) {
        if (!setting.on_command_line) continue;
        const std::string flag = std::string("--") + setting.name;
        if (setting.kind == Setting::Kind::yes_or_no) {
            app.add_flag(flag, line.truths[setting.name], setting.help);
        } else {
            app.add_option(flag, line.texts[setting.name], setting.help)->type_name("");
        }
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        std::ostringstream out;
        std::ostringstream err;
        app.exit(asked, out, err);
        line.answer = out.str();
        return line;
    } catch (const CLI::ParseError& error) {
        return Refusal{RefusalCode::invalid, program.name, "read flags", error.what(),
                       std::string("see ") + program.name + " --help"};
    }
    for (const Setting& setting : program.settings) {
        if (!setting.on_command_line) continue;
        if (app.count(std::string("--") + setting.name) == 0) {
            line.texts.erase(setting.name);
            line.truths.erase(setting.name);
        }
    }
    return line;
}

struct ConfigWords {
    ConfigAsked asked = ConfigAsked::nothing;
    std::vector<const char*> rest;  // Of the arguments.
};

/// `config validate ...`, `config show [--origin] ...`: the flags after it are those of a run.
Result<ConfigWords> take_config_words(const Program& program, int argc, const char* const* argv) {
    ConfigWords words;
    words.rest.assign(argv, argv + argc);
    if (argc < 2 || std::string_view(argv[1]) != "config") return words;
    const std::string_view verb = argc < 3 ? "" : argv[2];
    if (verb != "validate" && verb != "show") {
        return Refusal{RefusalCode::invalid, std::string(program.name) + " config", "look at it",
                       verb.empty() ? "nothing is asked for"
                                    : std::string(verb.substr(0, 64)) + " is not known",
                       "say config validate, or config show [--origin]"};
    }
    words.asked = verb == "validate" ? ConfigAsked::validate : ConfigAsked::show;
    words.rest.erase(words.rest.begin() + 1, words.rest.begin() + 3);
    const auto origin = std::ranges::find(words.rest, std::string_view("--origin"),
                                          [](const char* word) { return std::string_view(word); });
    if (verb == "show" && origin != words.rest.end()) {
        words.asked = ConfigAsked::show_origin;
        words.rest.erase(origin);
    }
    return words;
}

/// "[5050]" at the end of a help text is the default.
std::string default_of(const Setting& setting) {
    const std::string_view help = setting.help;
    const std::size_t begin = help.rfind('[');
    if (begin == std::string_view::npos || !help.ends_with(']')) return "not set";
    return std::string(help.substr(begin + 1, help.size() - begin - 2));
}

}  // namespace

Result<Settings> Settings::read(const Program& program, int argc, const char* const* argv) {
    Settings settings;
    auto asked = take_config_words(program, argc, argv);
    if (!asked) return std::move(asked).error();
    settings.asked_ = asked->asked;
    auto line = read_flags(program, static_cast<int>(asked->rest.size()), asked->rest.data());
    if (!line) return std::move(line).error();
    if (line->answer) {
        settings.text_ = std::move(line->answer);
        return settings;
    }
    std::string config = line->config;
    if (config.empty()) {
        const std::string name = std::string(program.environment) + "CONFIG";
        if (const char* const given = std::getenv(name.c_str())) config = given;
    }
    if (!config.empty()) {
        if (auto read = read_toml(program, config, settings.values_, settings.problems_); !read) {
            return std::move(read).error();
        }
    }
    read_environment(program, settings.values_);
    for (auto& [name, text] : line->texts)
        settings.values_[name] = {text, "flag --" + name};
    for (const auto& [name, truth] : line->truths) {
        settings.values_[name] = {truth ? "true" : "false", "flag --" + name};
    }
    for (const Setting& setting : program.settings) {
        const Given* const given = settings.find(setting.name);
        if (setting.kind != Setting::Kind::yes_or_no || given == nullptr) continue;
        if (given->text != "true" && given->text != "false") {
            settings.complain(
                refuse_setting(*given, "is neither true nor false", "write true or false"));
        }
    }
    return settings;
}

const Given* Settings::find(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

std::string Settings::text_of(const std::string& name, std::string otherwise) const {
    const Given* const given = find(name);
    return given == nullptr ? std::move(otherwise) : given->text;
}

bool Settings::is_on(const std::string& name) const {
    const Given* const given = find(name);
    return given != nullptr && given->text == "true";
}

Result<std::int64_t> Settings::number_of(const std::string& name, std::int64_t otherwise,
                                         std::int64_t least, std::int64_t most) const {
    const Given* const given = find(name);
    if (given == nullptr) return otherwise;
    std::int64_t number = 0;
    const char* const end = given->text.data() + given->text.size();
    const auto read = std::from_chars(given->text.data(), end, number);
    const std::string range = "from " + std::to_string(least) + " to " + std::to_string(most);
    if (given->text.empty() || read.ec != std::errc{} || read.ptr != end) {
        return refuse_setting(*given, "is not a whole number", "give a number " + range);
    }
    if (number < least || number > most) {
        return refuse_setting(*given, "is out of range", "give a number " + range);
    }
    return number;
}

Result<Duration> Settings::duration_of(const std::string& name, Duration otherwise, Duration least,
                                       Duration most) const {
    const Given* const given = find(name);
    if (given == nullptr) return otherwise;
    std::int64_t number = 0;
    const char* const end = given->text.data() + given->text.size();
    const auto read = std::from_chars(given->text.data(), end, number);
    const std::string unit(read.ptr, end);
    const std::map<std::string, Duration> units = {{"ms", std::chrono::milliseconds{1}},
                                                   {"s", std::chrono::seconds{1}},
                                                   {"min", std::chrono::minutes{1}},
                                                   {"h", std::chrono::hours{1}}};
    const auto found = units.find(unit);
    if (read.ec != std::errc{} || number < 0 || found == units.end()) {
        return refuse_setting(*given, "is not a length of time",
                              "give a whole number and a unit: 500ms, 15s, 2min, 1h");
    }
    if (number > most / found->second || found->second * number < least) {
        return refuse_setting(*given, "is out of range",
                              "give at least " + std::to_string(least / units.at("ms")) +
                                  "ms and at most " + std::to_string(most / units.at("ms")) + "ms");
    }
    return Duration{found->second * number};
}

std::int64_t Settings::number(const std::string& name, std::int64_t otherwise, std::int64_t least,
                              std::int64_t most) {
    Result<std::int64_t> read = number_of(name, otherwise, least, most);
    if (read) return *read;
    complain(std::move(read).error());
    return otherwise;
}

Duration Settings::duration(const std::string& name, Duration otherwise, Duration least,
                            Duration most) {
    Result<Duration> read = duration_of(name, otherwise, least, most);
    if (read) return *read;
    complain(std::move(read).error());
    return otherwise;
}

std::optional<std::string> Settings::config_text(const Program& program) const {
    if (asked_ == ConfigAsked::nothing) return std::nullopt;
    if (asked_ == ConfigAsked::validate) return "the configuration is good\n";
    std::size_t width = 0;
    for (const Setting& setting : program.settings)
        width = std::max(width, std::string_view(setting.name).size());
    std::string text;
    for (const Setting& setting : program.settings) {
        const Given* const given = find(setting.name);
        std::string line = setting.name;
        line.append(width - line.size(), ' ');
        line += " = ";
        if (given == nullptr) {
            line += default_of(setting);
        } else {
            line += setting.on_command_line ? given->text : "(not shown)";
        }
        if (asked_ == ConfigAsked::show_origin) {
            line += "    # " + (given == nullptr ? std::string("default") : given->where);
        }
        text += line + "\n";
    }
    return text;
}

Result<void> read_record(const Settings& given, runtime::RecordOptions& record) {
    record.folder = given.text_of("record", "");
    for (const char* const name : {"record-file-mib", "record-files"}) {
        const Given* const found = given.find(name);
        if (record.folder.empty() && found != nullptr) {
            return refuse_setting(*found, "nothing is recorded", "give --record FOLDER too");
        }
    }
    constexpr std::int64_t mib = 1024 * 1024;
    const auto size =
        given.number_of("record-file-mib", static_cast<std::int64_t>(record.file_bytes) / mib, 1,
                        std::int64_t{1024} * 1024);
    if (!size) return size.error();
    const auto files = given.number_of("record-files", record.files, 1, 100'000);
    if (!files) return files.error();
    record.file_bytes = static_cast<std::uint64_t>(*size * mib);
    record.files = static_cast<std::uint32_t>(*files);
    return {};
}

std::string read_log_level(Settings& given) {
    const std::string level = given.text_of("log-level", "info");
    if (level != "debug" && level != "info" && level != "warning" && level != "error") {
        given.complain(refuse_setting(*given.find("log-level"), "is not a level",
                                      "use debug, info, warning or error"));
    }
    return level;
}

Refusal refuse_setting(const Given& given, std::string why, std::string todo) {
    return {RefusalCode::invalid, given.where, "use " + given.text.substr(0, 64), std::move(why),
            std::move(todo)};
}

}  // namespace offerkit::daemons

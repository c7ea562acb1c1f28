// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The fields of one line of a jobs file, as they are written.

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::tools {

/// Reads numbers as they are written: a double would round 0.1, and hide a fourth decimal.
class JobReader : public nlohmann::json_sax<nlohmann::json> {
public:
    struct Pair {
        std::string key;
        std::string value;
    };

    static constexpr std::array<std::string_view, 9> fields = {
        "id", "command", "argv", "cpus", "mem_mib", "env", "retries", "timeout", "after"};

    std::optional<std::string> id;
    std::optional<std::string> command;
    std::optional<std::vector<std::string>> argv;
    std::optional<std::string> cpus;
    std::optional<std::string> mem_mib;
    std::optional<std::string> retries;
    std::optional<std::string> timeout;
    std::vector<std::string> after;
    std::vector<Pair> env;
    std::string why;  // Of the first thing that is wrong.

    bool null() override { return fail("null is no value here"); }
    bool boolean(bool) override { return fail("true or false is no value here"); }
    bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return number(text); }
    bool binary(binary_t&) override { return fail("not JSON"); }
    bool string(string_t& value) override;
    bool start_object(std::size_t) override;
    bool end_object() override;
    bool start_array(std::size_t) override;
    bool end_array() override;
    bool key(string_t& value) override;
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override;

private:
    bool fail(std::string text);
    bool number(const std::string& text);

    std::string key_;
    std::vector<std::string> seen_;
    int depth_ = 0;
    std::vector<std::string>* list_ = nullptr;  // The array that we are in.
    bool in_env_ = false;
};

}  // namespace offerkit::tools

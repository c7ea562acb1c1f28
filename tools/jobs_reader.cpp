// SPDX-License-Identifier: Apache-2.0

#include "jobs_reader.hpp"

#include <offerkit/core/nearest.hpp>

#include <algorithm>
#include <utility>

namespace offerkit::tools {

bool JobReader::string(string_t& value) {
    if (depth_ == 0) return fail("not a JSON object");
    if (in_env_) {
        env.push_back({key_, value});
        return true;
    }
    if (list_ != nullptr) {
        list_->push_back(value);
        return true;
    }
    const std::array<std::pair<std::string_view, std::optional<std::string>*>, 3> texts = {
        {{"id", &id}, {"command", &command}, {"timeout", &timeout}}};
    for (const auto& [name, field] : texts) {
        if (key_ != name) continue;
        *field = value;
        return true;
    }
    return fail("field " + key_ + " is not a text");
}

bool JobReader::start_object(std::size_t) {
    if (depth_ == 0) {
        depth_ = 1;
        return true;
    }
    if (depth_ != 1 || key_ != "env" || list_ != nullptr) return fail("an object is no value here");
    in_env_ = true;
    depth_ = 2;
    return true;
}

bool JobReader::end_object() {
    in_env_ = false;
    --depth_;
    return true;
}

bool JobReader::start_array(std::size_t) {
    if (depth_ == 0) return fail("not a JSON object");
    const bool may = depth_ == 1 && list_ == nullptr && (key_ == "argv" || key_ == "after");
    if (!may) return fail("an array is no value here");
    list_ = key_ == "argv" ? &argv.emplace() : &after;
    return true;
}

bool JobReader::end_array() {
    list_ = nullptr;
    return true;
}

bool JobReader::key(string_t& value) {
    key_ = value;
    if (in_env_) return true;
    if (std::ranges::find(fields, value) == fields.end()) {
        std::string text = "field " + value.substr(0, 64) + " is not known";
        const std::string_view near = nearest(value, fields);
        if (!near.empty()) text.append(" (did you mean ").append(near).append("?)");
        return fail(std::move(text));
    }
    if (std::ranges::find(seen_, value) != seen_.end()) {
        return fail("field " + value + " is there twice");
    }
    seen_.push_back(value);
    return true;
}

bool JobReader::parse_error(std::size_t position, const std::string&,
                            const nlohmann::detail::exception&) {
    return fail("not JSON from byte " + std::to_string(position) + " on");
}

bool JobReader::fail(std::string text) {
    if (why.empty()) why = std::move(text);
    return false;
}

bool JobReader::number(const std::string& text) {
    if (depth_ == 0) return fail("not a JSON object");
    const std::array<std::pair<std::string_view, std::optional<std::string>*>, 3> numbers = {
        {{"cpus", &cpus}, {"mem_mib", &mem_mib}, {"retries", &retries}}};
    for (const auto& [name, field] : numbers) {
        if (depth_ != 1 || list_ != nullptr || key_ != name) continue;
        *field = text;
        return true;
    }
    if (key_ == "timeout") return fail(R"(field timeout is a text with a unit, such as "90s")");
    return fail("field " + key_ + " is not a number field");
}

}  // namespace offerkit::tools

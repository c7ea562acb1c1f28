// SPDX-License-Identifier: Apache-2.0
// The bytes of one message for each body, kept as hex: a changed field number or encoding shows. To
// write them anew after an intended change, run with OFFERKIT_WRITE_GOLDEN=1 and review the diff.

#include "messages.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace offerkit::test {

namespace {

std::string hex(const wire::Bytes& bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

std::string in_lines(const std::string& text) {
    std::string lines;
    for (std::size_t at = 0; at < text.size(); at += 96)
        lines += text.substr(at, 96) + "\n";
    return lines;
}

}  // namespace

TEST_CASE("each message has the bytes that it had in the first release of this version") {
    for_each_message_type([]<class T>(MessageType<T> type) {
        std::string text;
        for (std::size_t index = 0; index < alternatives<T>; ++index) {
            RandomValues values{1000 + index, Fill::full};
            text += "# " + std::to_string(index) + "\n" +
                    in_lines(hex(encoded(make_message<T>(values, index))));
        }
        const std::string path =
            OFFERKIT_SOURCE_DIR "/tests/unit/wire/golden/" + std::string(type.name) + ".txt";
        if (std::getenv("OFFERKIT_WRITE_GOLDEN") != nullptr) {
            std::ofstream(path, std::ios::binary) << text;
        }
        std::ifstream in(path, std::ios::binary);
        INFO(path);
        CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == text);
    });
}

}  // namespace offerkit::test

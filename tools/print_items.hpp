// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Lists in the form that was asked for. Machine forms obey the filters, as the tables do.

#include "document.hpp"
#include "output.hpp"
#include "table.hpp"

#include <cstdio>
#include <functional>
#include <string>

namespace offerkit::tools {

inline void print_json(const Json& json) {
    std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

/// Prints `document[member]`: the document, each item on a line, or a table.
inline void print_items(const Json& document, const std::string& member, Output output,
                        const std::function<Table(const Json& items, bool wide)>& to_table) {
    const Json& items = document[member];
    if (output == Output::json) return print_json(document);
    if (output == Output::jsonl) {
        for (const Json& item : items)
            print_json(item);
        return;
    }
    std::fputs(to_table(items, output == Output::wide).text().c_str(), stdout);
}

}  // namespace offerkit::tools

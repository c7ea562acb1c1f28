// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"

#include "line.hpp"

#include <offerkit/core/overloaded.hpp>

namespace offerkit::test {

namespace {

std::string key_of(const executor::ProcessKey& key) {
    return format_id(key.framework) + ' ' + key.task.text();
}

}  // namespace

std::string print(const executor::Effect& effect) {
    Line line{"send"};
    std::visit(Overloaded{
                   [&](const executor::SendAgent& e) {
                       const auto* report = std::get_if<protocol::ReportStatuses>(&e.call);
                       line.word(report != nullptr ? "report" : "other");
                       if (report == nullptr) return;
                       for (std::size_t i = 0; i < report->reports.size(); ++i) {
                           if (i != 0) line.word("and");
                           line.word(report->reports[i].framework);
                           line.status(report->reports[i].status);
                       }
                   },
                   [&](const executor::StartProcess& e) {
                       line = Line{"start"};
                       line.word(key_of(e.key)).word("in").word(e.sandbox).field("user", e.user);
                       line.field("directory", e.working_directory).word(":");
                       for (const std::string& word : e.argv)
                           line.word(word);
                   },
                   [&](const executor::KillProcess& e) {
                       line = Line{"kill"};
                       line.word(key_of(e.key)).word("grace").word(e.grace);
                   },
                   [&](const executor::ForgetProcess& e) {
                       line = Line{"forget"};
                       line.word(key_of(e.key));
                   },
                   [&](const executor::ListProcesses& e) {
                       line = Line{"list"};
                       for (const auto& known : e.known)
                           line.word(key_of(known.key)).word("in").word(known.sandbox);
                   },
                   [&](const executor::TellFound& e) {
                       line = Line{"found"};
                       line.word(key_of(e.key)).word("age").word(e.age);
                   },
                   [&](const executor::Note& e) {
                       line = Line{"note"};
                       line.word(e.text);
                   },
               },
               effect);
    return line.take();
}

}  // namespace offerkit::test

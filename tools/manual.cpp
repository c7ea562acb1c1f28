// SPDX-License-Identifier: Apache-2.0

/// Manual pages, in the format of man(7).

#include "command_tree.hpp"

namespace offerkit::tools {

namespace {

/// Text as roff takes it: backslashes, dashes that are no hyphens, and lines that begin with what
/// it would take for an order.
std::string escaped(std::string_view text) {
    std::string result;
    bool begins = true;
    for (const char c : text) {
        if (begins && (c == '.' || c == '\'')) result += "\\&";
        begins = c == '\n';
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";
        } else {
            result += c;
        }
    }
    return result;
}

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

std::string synopsis(const CommandTree& command, const std::string& path) {
    std::string text = ".B " + escaped(path) + "\n";
    if (!command.commands.empty()) text += ".I COMMAND\n";
    if (!command.flags.empty()) text += "[\\fIFLAGS\\fR]\n";
    for (const WordHelp& word : command.words)
        text += ".I " + escaped(upper(word.name)) + "\n";
    return text;
}

std::string flags(const CommandTree& command) {
    std::string text;
    for (const FlagHelp& flag : command.flags) {
        std::string names;
        for (const std::string& name : flag.names)
            names += (names.empty() ? "" : ", ") + name;
        text += ".TP\n.B " + escaped(names) + "\n" + escaped(flag.help) + "\n";
    }
    for (const WordHelp& word : command.words) {
        text += ".TP\n.I " + escaped(upper(word.name)) + "\n" + escaped(word.help) + "\n";
    }
    return text;
}

std::string footer(const CommandTree& command) {
    if (command.footer.empty()) return {};
    return ".PP\n.nf\n" + escaped(command.footer) + "\n.fi\n";
}

/// The commands below, each with all of its own.
std::string commands(const CommandTree& command, const std::string& path, bool whole) {
    std::string text;
    for (const CommandTree& each : command.commands) {
        const std::string name = path + " " + each.name;
        if (!whole) {
            text += ".TP\n.B " + escaped(name) + "\n" + escaped(each.help) + "\n";
            continue;
        }
        text += ".SH " + escaped(upper(name)) + "\n" + escaped(each.help) + "\n.PP\n" +
                synopsis(each, name) + flags(each) + footer(each);
        text += commands(each, name, true);
    }
    return text;
}

}  // namespace

std::string manual_page(const CommandTree& tree, const CommandTree& of, std::string_view version) {
    const bool is_tool = &tree == &of;
    const std::string name = is_tool ? tree.name : tree.name + "-" + of.name;
    const std::string path = is_tool ? tree.name : tree.name + " " + of.name;
    std::string text = ".TH " + upper(escaped(name)) + " 1 \"\" \"OfferKit " +
                       std::string(version) + "\" \"OfferKit\"\n";
    text += ".SH NAME\n" + escaped(name) + " \\- " + escaped(of.help) + "\n";
    text += ".SH SYNOPSIS\n" + synopsis(of, path);
    text += ".SH FLAGS\n" + flags(of);
    if (is_tool) text += ".SH COMMANDS\n" + commands(of, path, false);
    if (!is_tool) text += commands(of, path, true);
    text += ".SH EXAMPLES AND EXIT CODES\n" + footer(of);
    return text;
}

}  // namespace offerkit::tools

// The manual page, from the same rows as help and completion.
#include <fmt/format.h>

#include "cli/command.h"

namespace thalweg::cli {
namespace {

// Text in which roff sees nothing of its own.
std::string plain(std::string_view text) {
  std::string out;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) out += "\\&";
    at_line_start = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string options_of(const Command& command, bool common) {
  const Command none{
      .name = {}, .synopsis = {}, .summary = {}, .examples = {}, .words = {}, .declare = declare_nothing, .run = {}};
  const auto shared = parser_of(none);
  std::string out;
  for (const auto& [name, spec] : parser_of(command).specs()) {
    if (shared.specs().contains(name) != common) continue;
    const bool flag = spec.kind == OptionParser::Spec::Kind::kFlag;
    out += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", plain("--" + name),
                       flag ? "" : " \\fI" + plain(spec.argument) + "\\fR", plain(spec.help));
  }
  return out;
}

std::string section_of(const Command& command) {
  return fmt::format(".SS {}\n.B thalweg {}\n{}\n.PP\n{}\n{}.PP\nExamples:\n.PP\n.nf\n.RS\n{}\n.RE\n.fi\n",
                     plain(command.name), plain(command.name), plain(command.synopsis), plain(command.summary),
                     options_of(command, false), plain(command.examples));
}

constexpr std::string_view kBeginning = R"(.SH NAME
thalweg \- server and command line of a Kafka\-compatible streaming platform
.SH SYNOPSIS
.B thalweg
.I COMMAND
.RI [ ARGUMENTS ]
.RB [ \-\-brokers
.IR host:port ]
.br
.B thalweg server
.RI [ server.properties ]
.RB [ \-\-override
.IR key=value ]...
.SH DESCRIPTION
One binary that is a broker
.RB ( "thalweg server" ,
see
.BR "thalweg server \-\-help" )
and its command line. Under the names of Kafka's tools (kafka\-topics, kafka\-console\-producer, ...) it takes their options and prints what they print.
.PP
Options may be shortened as long as only one begins so:
.B \-\-part
for
.BR \-\-partitions .
)";

constexpr std::string_view kEnd = R"(.SH ENVIRONMENT
.TP
.B THALWEG_BROKERS
The brokers to connect to first, where
.B \-\-brokers
does not say.
.TP
.B SCHEMA_REGISTRY_URL
The schema registry's address, where
.B \-\-registry
does not say.
.TP
.B NO_COLOR
Keeps colours away, as does TERM=dumb; there are none where the output is no terminal.
.SH EXIT STATUS
0 when all was done; 1 when the cluster refused or did not answer, and when output could not be written; 2 when the command itself makes no sense.
.SH SEE ALSO
The pages under docs/ of the source, docs/command_line.md first.
)";

}  // namespace

std::string manual_page() {
  std::string out = fmt::format(".TH THALWEG 1 \"\" \"thalweg {}\"\n{}", THALWEG_VERSION, kBeginning);
  out += ".SH OPTIONS OF EVERY COMMAND\n" + options_of(commands()[0], true) + ".SH COMMANDS\n";
  for (const auto& command : commands()) out += section_of(command);
  return out + std::string(kEnd);
}

}  // namespace thalweg::cli

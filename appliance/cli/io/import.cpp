// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/import.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "appliance/cli/io/speech.hpp"
#include "appliance/imports/imported.hpp"
#include "appliance/imports/recognise.hpp"
#include "config/io/config_file.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::cli {

namespace {

using imports::Imported;
using imports::Remark;
using imports::Source;

constexpr std::size_t files_max = 32;

/// Where the others have them, on Debian and elsewhere.
constexpr std::array usual_places{"/etc/corosync/corosync.conf", "/var/lib/pacemaker/cib/cib.xml",
                                  "/etc/keepalived/keepalived.conf", "/etc/haproxy/haproxy.cfg"};

/// Of the usual places those that are there.
Result<std::vector<Source>> read_usual() {
  std::vector<Source> sources;
  for (const char* place : usual_places) {
    const Result<std::string> text = read_input(place, "what is to be imported");
    if (!text && text.error().kind == ErrorKind::absent) continue;
    if (!text) return text.error();
    auto source = imports::read_source(*text, place);
    if (!source) return source.error();
    sources.push_back(*std::move(source));
  }
  if (sources.empty()) {
    return Error{ErrorKind::absent,
                 "there is no corosync.conf, cib.xml, keepalived.conf or haproxy.cfg in its usual "
                 "place; name the files"};
  }
  return sources;
}

Result<std::vector<Source>> read_all(const std::vector<std::string>& files) {
  if (files.empty()) return read_usual();
  if (files.size() > files_max) {
    return Error{ErrorKind::refused, "there are " + std::to_string(files.size()) +
                                         " files; at most " + std::to_string(files_max) +
                                         " are read"};
  }
  std::vector<Source> sources;
  for (const std::string& file : files) {
    const Result<std::string> text = read_input(file, "what is to be imported");
    if (!text) return text.error();
    auto source = imports::read_source(*text, name_of_input(file));
    if (!source) return source.error();
    sources.push_back(*std::move(source));
  }
  return sources;
}

std::size_t count_of(const Imported& imported, Remark::What what) {
  return static_cast<std::size_t>(std::ranges::count(imported.remarks, what, &Remark::what));
}

void tell(const std::vector<Source>& sources, const Imported& imported,
          const Surroundings& around) {
  for (const Source& source : sources) {
    around.err << printable(source.file) << ": read as " << source.kind << '\n';
  }
  for (const Remark& remark : imported.remarks) {
    around.err << printable(imports::to_sentence(remark)) << '\n';
  }
}

void tell_what_is_next(const std::string& file, const Imported& imported,
                       const Surroundings& around) {
  around.out << printable(file) << ": written (" << imported.config->name.text() << ", "
             << counted(imported.config->nodes.size(), "node") << ", "
             << counted(imported.config->services.size(), "service") << "); "
             << count_of(imported, Remark::What::taken) << " things were taken, "
             << count_of(imported, Remark::What::left_out) << " left out\n"
             << "\nnext:\n"
             << "  hapx doctor " << printable(file) << "   what is in the way on this machine\n"
             << "  hapx keygen /etc/hapx/cluster.key   the key that all nodes share\n"
             << "Stop the old cluster on all nodes before hapxd starts: two managers of one "
                "address are two holders.\n";
}

}  // namespace

int import_files(const GlobalOptions& global, const Import& verb, const Surroundings& around) {
  const Result<std::vector<Source>> sources = read_all(verb.files);
  if (!sources) return complain(around, sources.error().sentence);
  const Imported imported = imports::import_all(*sources, verb.wishes);
  if (!imported.config) {
    for (const std::string& refusal : imported.refusals) complain(around, refusal);
    return exit_refused;
  }
  const std::string written = verb.out == "-" ? "" : verb.out;
  if (!written.empty()) {
    const auto done = write_new_config_file(written, imported.text);
    if (!done) return complain(around, done.error().sentence);
  }
  if (global.output != Output::text) {
    return print_document(around, global.output, to_json(imported, *sources, written));
  }
  tell(*sources, imported, around);
  if (written.empty()) {
    around.out << imported.text;
  } else {
    tell_what_is_next(written, imported, around);
  }
  return exit_done;
}

}  // namespace hapx::appliance::cli

// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/man_page.hpp"

#include "appliance/cli/first_file.hpp"
#include "appliance/cli/roff.hpp"
#include "config/schema_table.hpp"

namespace hapx::appliance::cli {
namespace {

std::string names_of(const OptionHelp& option) {
  std::string out;
  for (const auto& name : option.names) out += (out.empty() ? "" : ", ") + name;
  return out + (option.value.empty() ? "" : " " + option.value);
}

std::string with_default(const std::string& what, const std::string& standard, bool required) {
  if (required) return what + " (required)";
  return standard.empty() ? what : what + " (default: " + standard + ")";
}

std::string options_of(const VerbHelp& verb) {
  std::string out;
  for (const auto& option : verb.options) {
    if (option.names.back() == "--help") continue;
    out +=
        roff_tagged(names_of(option), with_default(option.what, option.standard, option.required));
  }
  return out;
}

std::string words_in_synopsis(const VerbHelp& verb) {
  std::string out;
  for (const auto& word : verb.words) {
    out += word.required ? " " + word.name : " [" + word.name + "]";
  }
  return out;
}

/// Those that can be given, each with what stands around it.
void add_verbs(const VerbHelp& verb, const std::string& path, std::string& out) {
  const bool stands_alone = verb.verbs.empty() || !verb.words.empty();
  if (stands_alone) {
    out += ".SS \"" + roff(path + words_in_synopsis(verb)) + "\"\n" + roff_lines(verb.what);
    for (const auto& word : verb.words) {
      out += roff_tagged(word.name, with_default(word.what, word.standard, word.required));
    }
    out += options_of(verb);
    if (!verb.footer.empty()) out += roff_example(verb.footer);
  }
  for (const auto& inner : verb.verbs) add_verbs(inner, path + ' ' + inner.name, out);
  if (stands_alone) return;
  // What is said of all verbs below.
  constexpr std::string_view examples = "Examples:\n";
  const auto rest = verb.footer.find("\n\n");
  if (verb.footer.starts_with(examples) && rest != std::string::npos) {
    out += roff_example(verb.footer.substr(rest + 2));
  }
}

constexpr const char* see_also = "the other pages of hapx: hapx(8), hapxd(8), hapx.yaml(5)\n";

using schema::Field;
using schema::Shape;

std::string shape_in_words(const Field& field) {
  switch (field.shape) {
    case Shape::word: {
      std::string out;
      for (const auto word : field.words) out += (out.empty() ? "" : ", ") + std::string(word);
      return field.words.size() == 1 ? out : "one of " + out;
    }
    case Shape::label:
      return "a name: 1 to 63 lower-case letters, digits and hyphens";
    case Shape::interface:
      return "the name of an interface";
    case Shape::address:
      return "an IPv4 or IPv6 address";
    case Shape::prefix:
      return "an address and its network's prefix, like 192.168.4.20/27 or 2001:db8::20/64";
    case Shape::listen:
      return "an address and a port, or off";
    case Shape::api_server:
      return "a host name or an address, and a port: kube-mast01:6443";
    case Shape::etcd_endpoint:
      return "the address and the port of a member: https://192.168.4.31:2379";
    case Shape::path:
      return "an absolute path";
    case Shape::number:
      return std::to_string(field.least) + " to " + std::to_string(field.most);
    case Shape::duration:
      return "a duration: 300ms, 1.5s, 1h30m";
    case Shape::score:
      return "-1000000 to 1000000, INFINITY or -INFINITY";
    case Shape::scores:
      return "a map from nodes' names to scores";
    case Shape::line:
      return "a line of HAProxy's config";
    case Shape::common_name:
      return "the common name of a certificate, exactly";
    case Shape::argument:
      return "a word; it is not split, and no shell reads it";
    case Shape::url:
      return "https://, or http:// of this machine";
    case Shape::map:
      return "";
  }
  return "";
}

void add_fields(const schema::Map& map, const YamlNode* standard, const std::string& path,
                std::string& out) {
  for (const auto& field : map.fields) {
    const bool list = field.count == schema::Count::list;
    const auto* value = schema::value_at(standard, field);
    const auto here =
        (path.empty() ? "" : path + '.') + std::string(field.key) + (list ? "[]" : "");
    std::string text(field.meaning);
    if (list) text += "; " + std::to_string(field.least) + " to " + std::to_string(field.most);
    if (const auto shape = shape_in_words(field); !shape.empty()) text += ".\n" + shape;
    if (schema::has_default(field, value)) text += " (default: " + value->scalar + ")";
    if (field.need == schema::Need::required) text += " (required)";
    out += roff_tagged(here, text + '.');
    if (field.inner != nullptr) add_fields(*field.inner, value, here, out);
  }
}

std::string example_file() {
  FileWishes wishes;
  wishes.cluster = "kube-demo";
  wishes.nodes = {"hapx-node01=192.168.4.11", "hapx-node02=192.168.4.12"};
  wishes.witnesses = {"hapx-node03=192.168.4.13"};
  wishes.vip = "192.168.4.20/27";
  wishes.interface = "enp0s3.41";
  wishes.api_servers = {"kube-mast01:6443", "kube-mast02:6443", "kube-mast03:6443"};
  return first_file(wishes).text;
}

}  // namespace

std::string hapx_page(const VerbHelp& hapx, const std::string& version) {
  std::string out = roff_title("HAPX", "8", version);
  out += ".SH NAME\nhapx \\- asks hapxd, gives it orders, tries things out beforehand\n";
  out +=
      ".SH SYNOPSIS\n\\fBhapx\\fR [\\fB\\-\\-socket\\fR \\fIPATH\\fR] [\\fB\\-o\\fR "
      "\\fItext\\fR|\\fIjson\\fR|\\fIyaml\\fR] \\fIVERB\\fR ...\n";
  out += ".SH DESCRIPTION\n" + roff_lines(hapx.what);
  out += ".SH OPTIONS\n" + options_of(hapx);
  out += ".SH VERBS\n";
  for (const auto& verb : hapx.verbs) add_verbs(verb, "hapx " + verb.name, out);
  out += ".SH NOTES\n" + roff_example(hapx.footer);
  out += ".SH ENVIRONMENT\n" + roff_tagged("HAPX_SOCKET", "the default of --socket") +
         roff_tagged("NO_COLOR", "if it is set, nothing is coloured");
  out += ".SH FILES\n" +
         roff_tagged("/etc/hapx/hapx.yaml", "the cluster's file, see hapx.yaml(5)") +
         roff_tagged("/etc/hapx/cluster.key", "the secret that all nodes share, mode 0400") +
         roff_tagged("/run/hapx/hapxd.sock", "where hapxd answers; the group hapx may use it");
  return out + ".SH SEE ALSO\n" + roff_lines(see_also);
}

std::string hapxd_page(const VerbHelp& hapxd, const std::string& version) {
  std::string out = roff_title("HAPXD", "8", version);
  out += ".SH NAME\nhapxd \\- holds the endpoint of a Kubernetes control plane\n";
  out += ".SH SYNOPSIS\n\\fBhapxd\\fR [\\fIOPTIONS\\fR]\n";
  out += ".SH DESCRIPTION\n" + roff_lines(hapxd.what);
  out += ".SH OPTIONS\n" + options_of(hapxd);
  out += ".SH NOTES\n" + roff_example(hapxd.footer);
  return out + ".SH SEE ALSO\n" + roff_lines(see_also);
}

std::string config_page(const std::string& version) {
  std::string out = roff_title("HAPX.YAML", "5", version);
  out += ".SH NAME\nhapx.yaml \\- a cluster of hapx, the same file on every node\n";
  out += ".SH DESCRIPTION\n" +
         roff_lines(
             "One YAML document. A node finds itself in it by its host name or by an "
             "address. A key that is not here is refused with its place; `hapx config "
             "check` tells everything that is wrong, `hapx config show` every default, "
             "`hapx config diff` what a reload would change.");
  out += ".SH KEYS\n";
  const YamlNode standard = schema::smallest_file();
  add_fields(schema::document(), &standard, "", out);
  out += ".SH EXAMPLE\n" + roff_example(example_file());
  return out + ".SH SEE ALSO\n" + roff_lines(see_also);
}

}  // namespace hapx::appliance::cli

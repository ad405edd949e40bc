// SPDX-License-Identifier: Apache-2.0
#include "vip/io/bpf.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hapx::vip {
namespace {

static_assert(sizeof(BpfInstruction) == sizeof(bpf_insn));

/// None of the helpers that we call demands a licence of its own.
constexpr const char* license = "Apache-2.0";
constexpr std::size_t log_bytes = 64 * 1024;

long bpf(int command, bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

std::uint64_t pointer(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

void copy_name(char* to, const char* name) {
  std::memcpy(to, name, std::min<std::size_t>(std::strlen(name), BPF_OBJ_NAME_LEN - 1));
}

Result<Descriptor> create_map(std::uint32_t type, std::size_t key_bytes, std::size_t value_bytes,
                              std::uint32_t entries, std::uint32_t flags, const char* name) {
  bpf_attr attributes{};
  attributes.map_type = type;
  attributes.key_size = static_cast<std::uint32_t>(key_bytes);
  attributes.value_size = static_cast<std::uint32_t>(value_bytes);
  attributes.max_entries = entries;
  attributes.map_flags = flags;
  copy_name(attributes.map_name, name);
  const long number = bpf(BPF_MAP_CREATE, attributes);
  if (number < 0) return system_error(errno, "creating a BPF map");
  return Descriptor(static_cast<int>(number));
}

/// What the verifier has against a program: the end of its log.
std::string verifier_objection(bpf_attr attributes) {
  std::vector<char> log(log_bytes);
  attributes.log_buf = pointer(log.data());
  attributes.log_size = static_cast<std::uint32_t>(log.size());
  attributes.log_level = 1;
  const long number = bpf(BPF_PROG_LOAD, attributes);
  if (number >= 0) ::close(static_cast<int>(number));
  std::string text(log.data(), ::strnlen(log.data(), log.size()));
  constexpr std::size_t told_bytes_max = 300;
  if (text.size() > told_bytes_max) text.erase(0, text.size() - told_bytes_max);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Result<Descriptor> create_address_map(std::uint32_t entries_max) {
  return create_map(BPF_MAP_TYPE_HASH, sizeof(AddressKey), sizeof(std::uint32_t), entries_max, 0,
                    "hapx_addresses");
}

Result<Descriptor> create_word_array(std::uint32_t words) {
  return create_map(BPF_MAP_TYPE_ARRAY, sizeof(std::uint32_t), sizeof(std::uint64_t), words,
                    BPF_F_MMAPABLE, "hapx_deadlines");
}

Result<void> expect_word_array(int map, std::uint32_t words) {
  bpf_map_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(map);
  attributes.info.info_len = sizeof info;
  attributes.info.info = pointer(&info);
  if (bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0) {
    return system_error(errno, "asking about an inherited BPF map");
  }
  if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(std::uint64_t) ||
      info.max_entries != words || (info.map_flags & BPF_F_MMAPABLE) == 0) {
    return Error{ErrorKind::refused, "the inherited BPF map has another layout", 0};
  }
  return {};
}

Result<void> set_element(int map, const AddressKey& key, std::uint32_t value) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = pointer(key.data());
  attributes.value = pointer(&value);
  attributes.flags = BPF_ANY;
  if (bpf(BPF_MAP_UPDATE_ELEM, attributes) < 0) return system_error(errno, "filling a BPF map");
  return {};
}

Result<void> remove_element(int map, const AddressKey& key) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = pointer(key.data());
  if (bpf(BPF_MAP_DELETE_ELEM, attributes) < 0 && errno != ENOENT) {
    return system_error(errno, "clearing a BPF map");
  }
  return {};
}

Result<Descriptor> load_program(const BpfProgram& program, const char* name) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.insns = pointer(program.data());
  attributes.license = pointer(license);
  copy_name(attributes.prog_name, name);
  const long number = bpf(BPF_PROG_LOAD, attributes);
  if (number >= 0) return Descriptor(static_cast<int>(number));
  Error error = system_error(errno, "loading a BPF program");
  if (error.kind != ErrorKind::forbidden || error.system_error == EACCES) {
    const std::string objection = verifier_objection(attributes);
    if (!objection.empty()) error.sentence += " (" + objection + ")";
  }
  return error;
}

Result<std::uint32_t> program_id(int program) {
  bpf_prog_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(program);
  attributes.info.info_len = sizeof info;
  attributes.info.info = pointer(&info);
  if (bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0) {
    return system_error(errno, "asking about a BPF program");
  }
  return info.id;
}

Result<std::int32_t> run_program(int program, std::span<const std::uint8_t> frame) {
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program);
  attributes.test.data_in = pointer(frame.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  if (bpf(BPF_PROG_TEST_RUN, attributes) < 0) {
    return system_error(errno, "running a BPF program once");
  }
  return static_cast<std::int32_t>(attributes.test.retval);
}

}  // namespace hapx::vip

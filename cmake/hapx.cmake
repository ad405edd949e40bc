# SPDX-License-Identifier: Apache-2.0
# How a room becomes a library.
#
# Includes are written from the root ("vip/holder.hpp"), yet the root itself is on no include path.
# Each room (and each door) shows its headers through a folder of links of its own, and that folder
# reaches another target only by linking: who does not link a room cannot include it. So the
# include table of docs/architecture.md is the list of LINKS lines.

find_package(Threads REQUIRED)

add_library(hapx_flags INTERFACE)
target_compile_options(hapx_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
option(HAPX_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)
if(HAPX_SANITIZE)
  target_compile_options(hapx_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                              -fno-omit-frame-pointer)
  target_link_options(hapx_flags INTERFACE -fsanitize=address,undefined)
  # g++ 12 warns of what only its instrumentation makes look uninitialized.
  target_compile_options(hapx_flags INTERFACE -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()

option(HAPX_FUZZ "Build the fuzz targets instead of all else, with clang's instruments" OFF)
if(HAPX_FUZZ)
  # g++ judges what compiles without a warning; clang is here for its instruments alone.
  target_compile_options(hapx_flags INTERFACE -w -fsanitize=fuzzer-no-link,address,undefined
                                              -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hapx_flags INTERFACE -fsanitize=address,undefined)
endif()
option(HAPX_COVERAGE "Count which lines the tests of the pure rooms run" OFF)
if(HAPX_COVERAGE)
  target_compile_options(hapx_flags INTERFACE --coverage -fprofile-abs-path)
  target_link_options(hapx_flags INTERFACE --coverage)
endif()

# Some seventy programs are linked, each with all of its rooms: lld takes a quarter of the time.
# What ships is linked by the linker of the distribution.
find_program(HAPX_LLD ld.lld)
if(HAPX_LLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=lld)
endif()

# Parsing what everybody includes would be a third of all compiling: it is parsed once. No header of
# ours is among it, so links alone still decide what a room can include. Every preset that ships or
# is developed with has it, so they agree about what compiles; asan does without, and is where an
# #include <...> that is missing is found.
option(HAPX_PRECOMPILED "Parse the standard library and GoogleTest once, not in every file" ON)
set(common_headers
  <algorithm> <array> <charconv> <chrono> <cstdint> <cstring> <deque> <functional> <map> <memory>
  <optional> <set> <span> <sstream> <string> <string_view> <thread> <utility> <variant> <vector>
  <boost/system/result.hpp>)

# hapx_precompiled(NAME header ...): a target from which others take these, parsed.
function(hapx_precompiled name)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/nothing.cpp CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/nothing.cpp)
  target_link_libraries(${name} PRIVATE hapx_flags)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  # Without a time in it ccache knows it again.
  target_compile_options(${name} PRIVATE
    "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()

# hapx_reuse(TARGET NAME): what `hapx_precompiled` has parsed, unless that is switched off.
# What g++ 12 wrongly believes of the inside of std::string it keeps to itself, for that is a system
# header, but not where it was parsed beforehand.
function(hapx_reuse target name)
  if(HAPX_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM ${name})
    target_compile_options(${target} PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow>
      $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)
  endif()
endfunction()

if(HAPX_PRECOMPILED)
  hapx_precompiled(hapx_common_headers ${common_headers})
endif()

# hapx_room(TARGET FOLDER folder [SOURCES a.cpp ...] [LINKS target ...])
# FOLDER is relative to the root; its *.hpp (not those of subfolders) become includable by linking.
function(hapx_room target)
  cmake_parse_arguments(ARG "" "FOLDER" "SOURCES;LINKS" ${ARGN})
  set(shown ${CMAKE_BINARY_DIR}/rooms/${target})
  file(REMOVE_RECURSE ${shown})
  file(MAKE_DIRECTORY ${shown}/${ARG_FOLDER})
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
       ${CMAKE_SOURCE_DIR}/${ARG_FOLDER}/*.hpp)
  foreach(header ${headers})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${header} ${shown}/${header} SYMBOLIC)
  endforeach()
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    target_link_libraries(${target} PUBLIC ${ARG_LINKS} PRIVATE hapx_flags)
    target_include_directories(${target} PUBLIC ${shown})
    hapx_reuse(${target} hapx_common_headers)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARG_LINKS})
    target_include_directories(${target} INTERFACE ${shown})
  endif()
endfunction()

# hapx_test(NAME SOURCES a.cpp ... LINKS target ... [LABELS unit|sim|doors|lab|tidy|long ...]
#           [FIXTURES fixture ...] [MORE filter] [TOGETHER])
# One GoogleTest program; ctest sees each of its tests. `all_tests` builds them all. FIXTURES are
# what ctest sets up before. The tests that MORE names have the label `more` instead: they say again
# what the others say, in another setting, and run where time matters less (`./test.sh --long`).
# TOGETHER: five files are compiled as one, for what they include is most of the work. It wants
# names in their anonymous namespaces that differ.
add_custom_target(all_tests)
function(hapx_test target)
  cmake_parse_arguments(ARG "TOGETHER" "MORE" "SOURCES;LINKS;LABELS;FIXTURES" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  if(ARG_TOGETHER)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
  endif()
  target_link_libraries(${target} PRIVATE ${ARG_LINKS} GTest::gtest_main GTest::gmock hapx_flags)
  target_compile_definitions(${target} PRIVATE HAPX_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  # g++ 12 takes an empty std::optional that a test looks into for an uninitialized one.
  target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
  hapx_reuse(${target} hapx_test_headers)
  # Of what meets the real kernel one runs at a time, from the beginning on (ctest begins with what
  # costs most); what only reckons runs beside it.
  set(lock)
  set(seconds_max 300)
  foreach(label lab more doors long)
    if(label IN_LIST ARG_LABELS)
      set(lock RESOURCE_LOCK kernel COST 100)
    endif()
  endforeach()
  if("long" IN_LIST ARG_LABELS)
    set(seconds_max 1800)
  endif()
  set(usual)
  if(ARG_MORE)
    set(usual TEST_FILTER "-${ARG_MORE}")
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER "${ARG_MORE}"
                         PROPERTIES LABELS more TIMEOUT ${seconds_max} ${lock})
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST ${usual}
                       PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${seconds_max} ${lock}
                                  FIXTURES_REQUIRED "${ARG_FIXTURES}")
  add_dependencies(all_tests ${target})
endfunction()

# hapx_fuzz(NAME LINKS target ... [SEEDS folder ...])
# One program, fuzz_NAME, from NAME.cpp; its seeds are in corpus/NAME, in those folders, and made by
# fuzz_seeds. With HAPX_FUZZ it is libFuzzer's, and ctest runs it for a few seconds; else it tries
# what is near the seeds.
add_custom_target(all_fuzz_targets)
function(hapx_fuzz name)
  cmake_parse_arguments(ARG "" "" "LINKS;SEEDS" ${ARGN})
  add_executable(fuzz_${name} ${name}.cpp $<TARGET_OBJECTS:fuzz_words>)
  target_link_libraries(fuzz_${name} PRIVATE ${ARG_LINKS} hapx_flags)
  hapx_reuse(fuzz_${name} hapx_common_headers)
  add_dependencies(all_fuzz_targets fuzz_${name})
  if(HAPX_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set(command ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz.sh --smoke ${CMAKE_BINARY_DIR} ${name})
  else()
    set(command fuzz_${name} ${CMAKE_BINARY_DIR}/seeds/${name} ${ARG_SEEDS})
    file(GLOB corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    list(APPEND command ${corpus})
  endif()
  add_test(NAME Fuzz.${name} COMMAND ${command})
  set_tests_properties(Fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120
                                               FIXTURES_REQUIRED fuzz_seeds)
endfunction()

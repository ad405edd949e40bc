# SPDX-License-Identifier: Apache-2.0
hapx_test(membership_transcript_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/membership/transcript_test.cpp
          ${CMAKE_SOURCE_DIR}/tests/unit/membership/world.cpp
  LINKS hapx_membership LABELS transcripts)
target_include_directories(membership_transcript_test PRIVATE
  ${CMAKE_SOURCE_DIR}/tests/unit/membership ${CMAKE_CURRENT_LIST_DIR})

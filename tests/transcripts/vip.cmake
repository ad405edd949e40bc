# SPDX-License-Identifier: Apache-2.0
hapx_test(vip_transcript_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/vip/transcript_test.cpp
          LINKS hapx_vip LABELS transcripts)
target_include_directories(vip_transcript_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})

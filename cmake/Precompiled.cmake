# SPDX-License-Identifier: Apache-2.0
# Precompiled headers: most of what a unit costs is reading the same vocabulary again. They change no
# meaning, since every header is also compiled alone (HeaderTests.cmake); an option turns them off.
option(OFFERKIT_PCH "Precompile the vocabulary that most units include" ${PROJECT_IS_TOP_LEVEL})

set(OFFERKIT_VOCABULARY
  <algorithm> <array> <chrono> <cstddef> <cstdint> <functional> <map> <memory> <optional> <set>
  <span> <string> <string_view> <utility> <variant> <vector>
  <offerkit/agent/effect.hpp> <offerkit/agent/event.hpp>
  <offerkit/executor/effect.hpp> <offerkit/executor/event.hpp>
  <offerkit/framework/effect.hpp> <offerkit/framework/event.hpp>
  <offerkit/master/effect.hpp> <offerkit/master/event.hpp>)

# offerkit_precompile(TARGET HEADER...): the vocabulary, and these.
function(offerkit_precompile target)
  if(OFFERKIT_PCH)
    target_precompile_headers(${target} PRIVATE ${OFFERKIT_VOCABULARY} ${ARGN})
  endif()
endfunction()

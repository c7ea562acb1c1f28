# SPDX-License-Identifier: Apache-2.0
# offerkit_protobuf(TARGET FOLDER): compiles include/offerkit/FOLDER/proto/*.proto into TARGET.
#
# Generated headers are included as <offerkit/FOLDER/proto/NAME.pb.h>, and a .proto imports another
# as "offerkit/FOLDER/proto/NAME.proto"; only .cpp files of wire/ and record/ see them.

set(OFFERKIT_GENERATED ${CMAKE_CURRENT_BINARY_DIR}/generated/proto)
file(MAKE_DIRECTORY ${OFFERKIT_GENERATED})

function(offerkit_protobuf target folder)
  set(include ${PROJECT_SOURCE_DIR}/include)
  set(bodies "")
  file(GLOB protos CONFIGURE_DEPENDS ${include}/offerkit/${folder}/proto/*.proto)
  foreach(proto IN LISTS protos)
    file(RELATIVE_PATH name ${include} ${proto})
    string(REGEX REPLACE "\\.proto$" ".pb" stem ${name})
    set(outputs ${OFFERKIT_GENERATED}/${stem}.cc ${OFFERKIT_GENERATED}/${stem}.h)
    # All schemas of the folder are dependencies: they import each other, and there are few.
    add_custom_command(OUTPUT ${outputs}
      COMMAND protobuf::protoc --proto_path=${include} --cpp_out=${OFFERKIT_GENERATED} ${proto}
      DEPENDS ${protos} VERBATIM)
    list(APPEND generated ${outputs})
    string(APPEND bodies "#include <${stem}.cc>\n")
  endforeach()
  if(generated)
    # One unit for all: they spend their time on protobuf's own headers.
    set(unit ${CMAKE_CURRENT_BINARY_DIR}/generated/${folder}_proto.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "${bodies}")
    set_source_files_properties(${unit} PROPERTIES COMPILE_OPTIONS "-w;$<$<CONFIG:Release>:-O1>"
                                OBJECT_DEPENDS "${generated}"
                                SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE ${unit})
    # Headers first, wherever else they are included.
    add_custom_target(${target}_proto DEPENDS ${generated})
    add_dependencies(${target} ${target}_proto)
  endif()
  target_include_directories(${target} SYSTEM PRIVATE ${OFFERKIT_GENERATED})
  target_link_libraries(${target} PRIVATE protobuf::libprotobuf)
endfunction()

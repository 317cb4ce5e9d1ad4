# As a user compiles who does not take what mote::mote's interface says.
set_source_files_properties(${folder}/own_flags_test.cpp PROPERTIES
                            SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "-fno-stack-clash-protection;-U__const__")

# Takes the programs out of the documents: each fenced block that begins ```cpp program=NAME becomes FOLDER/NAME.cpp, with
# #line so that the compiler names the document. It may go on with exit=N, the exit code, and schedulers=N, where it runs
# with this number only. A block ```text output behind it is what the program prints, FOLDER/NAME.out. Prints a line
# "NAME EXIT SCHEDULERS" for each program. Usage: awk -v folder=FOLDER -f extract.awk DOCUMENTS
function path_of(suffix) { return folder "/" name suffix }
/^```/ && open != "" { close(open); open = ""; next }
/^```cpp program=/ {
  name = ""; code = 0; schedulers = "1,2"
  for (i = 2; i <= NF; ++i) {
    split($i, part, "=")
    if (part[1] == "program") name = part[2]
    if (part[1] == "exit") code = part[2]
    if (part[1] == "schedulers") schedulers = part[2]
  }
  if (name in seen) { print FILENAME ":" FNR ": a second program " name > "/dev/stderr"; exit 1 }
  seen[name] = 1
  open = path_of(".cpp")
  printf "#line %d \"%s\"\n", FNR + 1, FILENAME > open
  print name, code, schedulers
  next
}
/^```text output/ { open = path_of(".out"); printf "" > open; next }
/^```/ && open == "" { skipping = !skipping; next }
open != "" { print > open }

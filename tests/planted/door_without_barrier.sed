# scheduler/dispatch.cpp
# who borrows a scheduler looks at its owner's mark without a barrier
# release scheduler_tests door*
/^void machine_fences::heavy\(\) noexcept \{/,/^\}/{
/^  if \(membarrier_available\(\)\) membarrier_all\(\);/d
/^  fence\(seq_cst\);/d
}

#include "tessera_abi.h"

// The contract is the header alone; this file makes the compiler check it on its own.
_Static_assert(sizeof(TesseraModuleEntry) == 2 * sizeof(uint32_t) + TESSERA_STAMP_CAPACITY + sizeof(TesseraModuleFactory),
               "the entry has no padding that a compiler could lay out differently");

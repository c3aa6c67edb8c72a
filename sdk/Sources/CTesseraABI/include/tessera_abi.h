// The part of the module contract that must stay readable whatever else changes: plain C, compared by the host
// before it touches any Swift type of a module. See docs/decisions/0004-stamp-before-swift.md.
#ifndef TESSERA_ABI_H
#define TESSERA_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Version of `TesseraModuleEntry` itself. Fields are only ever appended to it.
#define TESSERA_ABI_VERSION 1u

/// Version of the SDK: raised by every change of TesseraKit's public types.
#define TESSERA_SDK_VERSION "0.1.0"

/// Name of the function that every module library exports: `const TesseraModuleEntry *tessera_module_entry(void)`.
#define TESSERA_MODULE_ENTRY_SYMBOL "tessera_module_entry"

/// Room for a stamp, its closing zero included.
#define TESSERA_STAMP_CAPACITY 192

/// Hands out a retained `LoadableModule` object of TesseraKit. Called only after the stamps were found equal.
typedef void *(*TesseraModuleFactory)(void);

typedef struct TesseraModuleEntry {
    /// `TESSERA_ABI_VERSION` that the module was compiled with.
    uint32_t abi_version;
    /// `sizeof(TesseraModuleEntry)` that the module was compiled with.
    uint32_t struct_size;
    /// SDK version, layout of its types, compiler and build configuration, as text.
    char stamp[TESSERA_STAMP_CAPACITY];
    TesseraModuleFactory factory;
} TesseraModuleEntry;

#define TESSERA_TEXT_OF(value) #value
#define TESSERA_TEXT(value) TESSERA_TEXT_OF(value)
#ifdef __swift__
#define TESSERA_COMPILER "swift " TESSERA_TEXT(__swift__) ", clang " __clang_version__
#else
#define TESSERA_COMPILER "no swift"
#endif

static inline uint32_t tessera_append(char *text, uint32_t length, uint32_t capacity, const char *part) {
    while (*part != 0 && length + 1 < capacity) text[length++] = *part++;
    text[length] = 0;
    return length;
}

static inline uint32_t tessera_append_hex(char *text, uint32_t length, uint32_t capacity, uint64_t number) {
    static const char digits[] = "0123456789abcdef";
    char hex[17];
    for (int i = 15; i >= 0; i--, number >>= 4) hex[i] = digits[number & 15];
    hex[16] = 0;
    return tessera_append(text, length, capacity, hex);
}

/// Writes the stamp of the code that this header is compiled into: a static function, so that each library keeps its own.
static inline void tessera_write_stamp(char *text, uint32_t capacity, const char *configuration, uint64_t layout) {
    uint32_t length = 0;
    length = tessera_append(text, length, capacity, "TesseraKit " TESSERA_SDK_VERSION ", layout ");
    length = tessera_append_hex(text, length, capacity, layout);
    length = tessera_append(text, length, capacity, ", ");
    length = tessera_append(text, length, capacity, configuration);
    tessera_append(text, length, capacity, ", " TESSERA_COMPILER);
}

/// The one entry of the library that this header is compiled into. Writing it again writes the same bytes.
static inline const TesseraModuleEntry *tessera_fill_entry(const char *configuration, uint64_t layout, TesseraModuleFactory factory) {
    static TesseraModuleEntry entry;
    entry.abi_version = TESSERA_ABI_VERSION;
    entry.struct_size = sizeof(TesseraModuleEntry);
    tessera_write_stamp(entry.stamp, TESSERA_STAMP_CAPACITY, configuration, layout);
    entry.factory = factory;
    return &entry;
}

#ifdef __cplusplus
}
#endif

#endif

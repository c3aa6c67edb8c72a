// A plain C face for libphonenumber: one call per number, no allocation that crosses it, no exception that leaves it.
// Safe to call from any thread.
#ifndef CPHONENUMBER_H
#define CPHONENUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What became of one number.
typedef enum cphone_status {
    /// Read; the other members say more.
    CPHONE_NUMBER = 0,
    /// No phone number, or one without country code and no region to assume.
    CPHONE_NOT_A_NUMBER = 1,
    /// The library failed: out of memory, in practice.
    CPHONE_FAULT = 2,
} cphone_status;

/// Texts are closed with a zero; an empty one means that there is none.
typedef struct cphone_result {
    /// E.164 without extension; empty when the number is too short or too long for its country.
    char e164[24];
    /// Digits of the extension.
    char extension[24];
    /// Display forms without extension; empty unless asked for.
    char national[96];
    char international[96];
    cphone_status status;
    /// Whether the numbering plan of its country knows such a number.
    bool is_valid;
} cphone_result;

/// Reads a number as people type it. `text` is UTF-8 of `length` bytes; more than 250 bytes are no number.
/// `region` is ISO 3166-1 alpha-2 in capitals, assumed for numbers without country code.
void cphone_normalise(const char *text, size_t length, const char *region, bool wants_display, cphone_result *result);

/// Whether the library has a numbering plan of a region. Reads the plans, which the first number does too and costs 4 MB.
bool cphone_has_plan(const char *region);

#ifdef __cplusplus
}
#endif

#endif

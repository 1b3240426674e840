// In place of the Swift runtime's function of that name, by the linker's --wrap (Package.swift).
//
// The runtime carries the name of every character, half a megabyte, for Unicode.Scalar.Properties.name
// (stdlib/public/stubs/Unicode/UnicodeScalarProps.cpp). Nothing here asks for one; where something did,
// it would get nil. With no caller left the linker drops the function and its tables.

#include <stdint.h>

intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity);

intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity) {
    (void)scalar;
    (void)buffer;
    (void)capacity;
    return 0;
}

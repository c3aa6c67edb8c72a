import CTesseraABI
import Glibc
import TesseraKit

/// A module's library in this process. Swift libraries are never unloaded, so there is nothing to close.
struct ModuleLibrary {
    let path: String
    /// The module's type, of a contract that was compared and found to be this program's.
    let type: any TesseraModule.Type

    /// Finds, loads and checks the library of a module.
    init(_ module: ModuleToLoad, in folders: LibraryFolders) throws(ModuleHostError) {
        guard LibraryFolders.isLibraryName(module.library) else {
            throw ModuleHostError(
                .libraryName, module: module.id,
                "'\(module.library)' is no library name. Letters, digits, '_', '-' and '.' make one, without 'lib' and '.so'.")
        }
        guard let path = folders.path(ofLibrary: module.library) else {
            throw ModuleHostError(
                .libraryMissing, module: module.id,
                "lib\(module.library).so is in none of the folders \(folders.paths.joined(separator: ", ")). "
                    + "Put it beside the tessera program, or name its folder in TESSERA_MODULE_PATH.")
        }
        self.path = path
        if let complaint = LibraryFile.complaint(about: path) {
            throw ModuleHostError(.libraryUnloadable, module: module.id, "\(path) \(complaint). Put it there again.")
        }
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw ModuleHostError(
                .libraryUnloadable, module: module.id,
                "\(path) doesn't load: \(Self.linkerMessage). Install what is missing, or rebuild the module on this system.")
        }
        let entry = try Self.entry(of: handle, path: path, module: module.id)
        try Self.compareStamps(entry, path: path, module: module.id)
        guard let pointer = entry.pointee.factory?() else {
            throw ModuleHostError(.noEntry, module: module.id, "The entry of \(path) hands out no module.")
        }
        // SAFETY: the stamps are equal, so the pointer is what this TesseraKit's `loadable(_:)` made for this call.
        type = LoadableModule.take(from: pointer).type
    }

    private static func entry(
        of handle: UnsafeMutableRawPointer, path: String, module: String
    ) throws(ModuleHostError) -> UnsafePointer<TesseraModuleEntry> {
        let missing = ModuleHostError(
            .noEntry, module: module,
            "\(path) exports no \(TESSERA_MODULE_ENTRY_SYMBOL). Is it a module? Its entry is one line: "
                + "@c(tessera_module_entry) public func moduleEntry() -> UnsafeRawPointer { exportModule { loadable(MyModule.self) } }")
        guard let symbol = dlsym(handle, TESSERA_MODULE_ENTRY_SYMBOL) else { throw missing }
        // SAFETY: the symbol's name is reserved for a function of this C type, in every version of the contract.
        let function = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeRawPointer?).self)
        guard let entry = function() else { throw missing }
        return entry.assumingMemoryBound(to: TesseraModuleEntry.self)
    }

    /// Nothing of Swift is touched in here: a module of another contract has other types under the same names.
    private static func compareStamps(
        _ entry: UnsafePointer<TesseraModuleEntry>, path: String, module: String
    ) throws(ModuleHostError) {
        guard entry.pointee.abi_version == TESSERA_ABI_VERSION else {
            throw ModuleHostError(
                .stampMismatch, module: module,
                "\(path) has a module entry of version \(entry.pointee.abi_version), this server reads version \(TESSERA_ABI_VERSION). "
                    + rebuild)
        }
        guard entry.pointee.struct_size >= UInt32(MemoryLayout<TesseraModuleEntry>.size) else {
            throw ModuleHostError(
                .stampMismatch, module: module,
                "\(path) has a module entry of \(entry.pointee.struct_size) bytes, which is too short. " + rebuild)
        }
        let theirs = withUnsafeBytes(of: entry.pointee.stamp) { bytes in
            // SAFETY: the array is part of the entry, whose size was checked; the text ends at its first zero or with the array.
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard theirs == ownStamp else {
            throw ModuleHostError(
                .stampMismatch, module: module,
                "\(path) was built for another server.\n  module: \(theirs)\n  server: \(ownStamp)\n" + rebuild)
        }
    }

    private static let ownStamp = ContractStamp.ofCaller()

    private static let rebuild =
        "Rebuild the module with this server's SDK and Swift compiler, in the same configuration: swift build -c debug or -c release."

    /// What the linker said last.
    private static var linkerMessage: String {
        dlerror().map { String(cString: $0) } ?? "the linker gives no reason"
    }
}

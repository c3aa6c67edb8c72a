public import CTesseraABI

/// Makes the entry that a module library exports. The whole export is one line, at the top level of the module:
///
/// ```swift
/// @c(tessera_module_entry)
/// public func moduleEntry() -> UnsafeRawPointer { exportModule { loadable(GreetingModule.self) } }
/// ```
///
/// The entry carries a stamp of the TesseraKit that the module was compiled against. The server compares it with its own
/// before it calls the closure, so that a module built against other types is refused instead of misread.
///
/// - Parameter factory: called by the server once the stamps were found equal.
@_alwaysEmitIntoClient
public func exportModule(_ factory: @convention(c) () -> UnsafeMutableRawPointer?) -> UnsafeRawPointer {
    // Emitted into the module on purpose: inside TesseraKit this would be the stamp of the library that was loaded.
    UnsafeRawPointer(tessera_fill_entry(contractConfiguration(), contractLayout(), factory))
}

/// Wraps a module's type for `exportModule`.
public func loadable<Module: TesseraModule>(_ type: Module.Type) -> UnsafeMutableRawPointer? {
    // SAFETY: balanced by `LoadableModule.take(from:)` in the server, which calls the factory once.
    Unmanaged.passRetained(LoadableModule(type: type)).toOpaque()
}

/// A module's type on its way from the library into the server.
public final class LoadableModule: Sendable {
    /// The module's type.
    public let type: any TesseraModule.Type

    init(type: any TesseraModule.Type) {
        self.type = type
    }

    /// Takes over what `loadable(_:)` gave out. Servers call it, once per pointer, and only after comparing stamps.
    public static func take(from pointer: UnsafeMutableRawPointer) -> LoadableModule {
        // SAFETY: the pointer comes from `loadable(_:)`, which retained the object for this one call.
        Unmanaged<LoadableModule>.fromOpaque(pointer).takeRetainedValue()
    }
}

/// The stamp of the contract: SDK version, layout of its types, build configuration, compiler.
public enum ContractStamp {
    /// The stamp of the code that calls this.
    @_alwaysEmitIntoClient
    public static func ofCaller() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(TESSERA_STAMP_CAPACITY)) { buffer in
            // SAFETY: the buffer has the capacity that is passed on, and is closed with a zero.
            tessera_write_stamp(buffer.baseAddress, UInt32(TESSERA_STAMP_CAPACITY), contractConfiguration(), contractLayout())
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    /// The stamp of the TesseraKit library that is loaded.
    public static func ofLibrary() -> String {
        ofCaller()
    }
}

/// The configuration that TesseraKit was built in, for `tessera_write_stamp`.
@_alwaysEmitIntoClient
func contractConfiguration() -> UnsafePointer<CChar> {
    #if DEBUG
        let name: StaticString = "debug"
    #else
        let name: StaticString = "release"
    #endif
    // SAFETY: a static string's bytes live for ever and end with a zero; CChar has UInt8's layout.
    return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// A number over the sizes of the types that cross the boundary, known when the caller is compiled.
///
/// It catches the commonest silent break, a stored property added without a new SDK version; what it doesn't see (a case
/// renamed, a requirement added) is what the SDK version is for.
@_alwaysEmitIntoClient
func contractLayout() -> UInt64 {
    var layout: UInt64 = 14_695_981_039_346_656_037
    func add(_ size: Int) {
        layout = (layout ^ UInt64(truncatingIfNeeded: size)) &* 1_099_511_628_211
    }
    add(MemoryLayout<FieldValue>.size)
    add(MemoryLayout<CalendarDate>.size)
    add(MemoryLayout<Timestamp>.size)
    add(MemoryLayout<Guid>.size)
    add(MemoryLayout<ModuleContext>.size)
    add(MemoryLayout<ModuleSettings>.size)
    add(MemoryLayout<ModuleLogger>.size)
    add(MemoryLayout<ModuleError>.size)
    add(MemoryLayout<ModuleRegistry>.size)
    add(MemoryLayout<BeforeWriteHook>.size)
    add(MemoryLayout<WriteCall>.size)
    add(MemoryLayout<RecordImage>.size)
    add(MemoryLayout<RecordPatch>.size)
    add(MemoryLayout<RecordProblem>.size)
    add(MemoryLayout<PhoneText>.size)
    add(MemoryLayout<NormalizedPhone>.size)
    add(MemoryLayout<EventReaction>.size)
    add(MemoryLayout<RecordEvent>.size)
    add(MemoryLayout<RecordStoreClient>.size)
    add(MemoryLayout<FoundRecord>.size)
    add(MemoryLayout<RecordRequest>.size)
    add(MemoryLayout<RecordAnswer>.size)
    return layout
}

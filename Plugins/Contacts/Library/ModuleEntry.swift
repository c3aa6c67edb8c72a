import Contacts
import TesseraKit

/// What the server finds the module by. In a target of its own, since a program (the tests', say) can hold this symbol only once.
@c(tessera_module_entry)
public func moduleEntry() -> UnsafeRawPointer { exportModule { loadable(ContactsModule.self) } }

# runtime/process/mail.cpp
# an envelope that nobody receives is freed without the message inside
/mail->type->destroy != nullptr/d

"""What a customer looks like from outside, and the rules of what may be sent."""

from typing import Any

from rest_framework import serializers

from asteri.api.serializers import StrictSerializer, TextField
from asteri.moments import timestamp
from customers import emails, phones
from customers.emails import email_key
from customers.models import MAX_LENGTH, AccountType, Customer
from customers.phones import phone_key

EMAIL_TAKEN = "Customer email already exists in this organization"


class EmailField(TextField):
    """An e-mail address, answered back as given."""

    def check(self, text: str) -> None:
        """Raise ValidationError for no valid address."""
        try:
            email_key(text)
        except ValueError:
            raise serializers.ValidationError("Invalid email address") from None


class PhoneField(TextField):
    """A phone number that is possible in the organization's default region, answered back as given."""

    def check(self, text: str) -> None:
        """Raise ValidationError for a number that can't exist."""
        try:
            phone_key(text, self.context["organization"].region)
        except ValueError:
            raise serializers.ValidationError("Invalid phone number") from None


class CustomerSerializer(serializers.BaseSerializer[Customer]):
    """A Customer of the contract: these seven keys, in this order."""

    def to_representation(self, instance: Customer) -> dict[str, Any]:
        """Answer the customer."""
        return {
            "id": str(instance.id),
            "organization_id": str(instance.organization_id),
            "account_type": instance.account_type,
            "display_name": instance.display_name,
            "email": instance.email,
            "phone": instance.phone,
            "created_at": timestamp(instance.created_at),
        }


class CreateCustomerSerializer(StrictSerializer):
    """A CreateCustomerRequest of the contract. `context["organization"]` is whose customer it becomes."""

    account_type = serializers.ChoiceField(
        choices=AccountType.choices,
        error_messages={
            "required": "Required",
            "null": "Required",
            "invalid_choice": f"Must be one of: {', '.join(AccountType.values)}",
        },
    )
    display_name = TextField(max_length=MAX_LENGTH, required=False)
    company_name = TextField(max_length=MAX_LENGTH, required=False)
    first_name = TextField(max_length=MAX_LENGTH, required=False)
    last_name = TextField(max_length=MAX_LENGTH, required=False)
    email = EmailField(max_length=emails.MAX_LENGTH)
    phone = PhoneField(max_length=phones.MAX_LENGTH)

    def create(self, validated_data: dict[str, Any]) -> Customer:
        """Store the customer; raise EmailTakenError where another one holds its e-mail."""
        return Customer.objects.create(organization=self.context["organization"], **validated_data)

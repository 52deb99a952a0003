/** Accounts by id, with the one of each definition as it is now. */
import type { Account, AccountService } from "../model/accounts";

export class AccountMap extends Map<string, Account> {
  private readonly current = new Map<string, Account>();

  currentOf(service: AccountService, definition: string): Account | undefined {
    return this.current.get(`${service}/${definition}`);
  }

  override set(accountId: string, account: Account): this {
    this.delete(accountId);
    if (account.isCurrent) this.current.set(`${account.service}/${account.definition}`, account);
    return super.set(accountId, account);
  }

  override delete(accountId: string): boolean {
    const known = this.get(accountId);
    const key = `${known?.service}/${known?.definition}`;
    if (known && this.current.get(key) === known) this.current.delete(key);
    return super.delete(accountId);
  }
}
